"""Pages that only lead on to the page named in their own URL."""

from urllib.parse import parse_qsl, unquote, urlsplit

# Pages that only lead on, by host and path: the parameter that holds where to; "" is the whole query.
REDIRECTORS = {
    "www.google.com/url": ("q", "url"), "google.com/url": ("q", "url"),
    "l.facebook.com/l.php": ("u",), "lm.facebook.com/l.php": ("u",), "www.facebook.com/l.php": ("u",),
    "m.facebook.com/l.php": ("u",), "l.instagram.com/": ("u",), "l.threads.net/": ("u",), "l.threads.com/": ("u",),
    "www.youtube.com/redirect": ("q",), "youtube.com/redirect": ("q",), "m.youtube.com/redirect": ("q",),
    "out.reddit.com/": ("url",), "t.umblr.com/redirect": ("z",), "www.linkedin.com/redir/redirect": ("url",),
    "steamcommunity.com/linkfilter/": ("url", "u"), "vk.com/away.php": ("to",), "away.vk.com/away.php": ("to",),
    "disq.us/url": ("url",), "getpocket.com/redirect": ("url",), "slack-redir.net/link": ("url",), "exit.sc/": ("url",),
    "href.li/": ("",), "anon.to/": ("",), "nullrefer.com/": ("",), "jump.5ch.net/": ("",), "www.pixiv.net/jump.php": ("url", ""),
    "www.deviantart.com/users/outgoing": ("",), "go.skimresources.com/": ("url",), "click.linksynergy.com/deeplink": ("murl",),
    "www.evernote.com/outboundredirect.action": ("dest",), "app.yinxiang.com/outboundredirect.action": ("dest",),
    "link.zhihu.com/": ("target",), "link.juejin.cn/": ("target",), "link.juejin.im/": ("target",), "link.csdn.net/": ("target",),
    "link.sspai.com/": ("target",), "link.jianshu.com/": ("t",), "www.jianshu.com/go-wild": ("url",), "gitee.com/link": ("target",),
    "www.douban.com/link2/": ("url",), "weibo.cn/sinaurl": ("u", "toasturl", "url"), "www.weibo.com/sinaurl": ("u", "url"),
    "weibo.com/sinaurl": ("u", "url"), "c.pc.qq.com/middlem.html": ("pfurl",), "ref.gamer.com.tw/redir.php": ("url",),
}  # fmt: skip
# Outlook rewrites the links of letters on one host for each region
SAFE_LINKS_SUFFIX = ".safelinks.protection.outlook.com"
# a redirector can lead to a redirector; one that leads on for ever is hostile
MAX_REDIRECTS = 5


def unwrap_redirect(url: str) -> str:
    """Follow redirectors that name where they lead, without asking them."""
    for _ in range(MAX_REDIRECTS):
        # most links hold one address only
        if url.find("http", 8) < 0:
            return url
        target = _redirect_target(url)
        if not target:
            return url
        url = target
    return url


def _redirect_target(url: str) -> str | None:
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    host = parts.netloc.lower()
    parameter_names = (
        ("url",)
        if host.endswith(SAFE_LINKS_SUFFIX)
        else REDIRECTORS.get(f"{host}{parts.path.lower() or '/'}")
    )
    parameters = dict(parse_qsl(parts.query)) if parameter_names else {}
    targets = (parameters.get(name) if name else unquote(parts.query) for name in parameter_names or ())
    return next(
        (target for target in targets if target and target.lower().startswith(("https://", "http://"))), None
    )
