"""Read what pages of WeChat say by scripts and elements of their own: the time of publication and the account."""

import re

from selectolax.lexbor import LexborHTMLParser

from posts.metadata.handlers import Fields

WECHAT_HOST = "mp.weixin.qq.com"
EPOCH = re.compile(r"""\b(?:var ct|create_time|createTimestamp)\s*[=:]\s*['"](\d{10})['"]""")
ACCOUNT = re.compile(r"""\bvar nickname\s*=\s*(?:htmlDecode\()?["']([^"'\\<>]{1,60})["']""")


def read_wechat(page: str, tree: LexborHTMLParser) -> Fields:
    """Return the date and the source of a post of WeChat; empty for any other page.

    The source is the account: `og:site_name` names the platform.
    """
    if WECHAT_HOST not in page or tree.css_first("#js_content") is None:
        return {}
    epoch, account = EPOCH.search(page), ACCOUNT.search(page)
    name = tree.css_first("#js_name, .profile_nickname")
    source = (name.text().strip() if name is not None else "") or (account[1] if account else "")
    return {key: value for key, value in (("date", epoch and epoch[1]), ("source", source)) if value}
