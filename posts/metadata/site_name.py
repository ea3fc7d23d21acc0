"""Remove the name of a site from the end of a title: `Rain again - Harbour Post`."""

import re
from collections.abc import Iterable
from functools import lru_cache

from posts.text.whitespace import alphanumeric_key
from posts.urls import domain_of

MARK = re.compile("[-–—|·•｜_]")
# ` - `, ` | `, `_`, and without spaces where no hyphen joins words
SEPARATOR = re.compile(r"\s+[-–—|·•]+\s+|\s*[|｜_]\s*|(?<=[\u3400-\u9fff》」”])--?(?=[\u3400-\u9fff])")
INSTITUTION = re.compile(
    r"(?:电台|電台|电视台|電視台|广播|廣播|通讯社|通訊社|社|报|報|网|網|网站|網站|新闻|新聞|周刊|週刊|杂志|雜誌)\Z"
    r"|\b(?:News|Radio|Times|Post|Daily|Herald|Press|Magazine|International)\Z"
)
MAX_NAME_CHARS = 30
GENERIC_LABELS = frozenset(
    ("www", "com", "org", "net", "gov", "edu", "co", "ac", "github", "blogspot", "wordpress")
)


def without_site_name(title: str, names: Iterable[str | None], url: str | None) -> str:
    """Return a title without the name of the site at its end: a name of the post's fields, or of the domain of its URL.

    A name of an institution before it (`… – Radio France International - RFI`) goes with it.
    """
    if not MARK.search(title) or not (separators := list(SEPARATOR.finditer(title))):
        return title
    last = separators.pop()
    if not _is_name(title[last.end() :], names, url):
        return title
    start = last.start()
    if separators:
        before = title[separators[-1].end() : start]
        if len(before) <= MAX_NAME_CHARS and INSTITUTION.search(before):
            start = separators[-1].start()
    return title[:start].rstrip() or title


def _is_name(text: str, names: Iterable[str | None], url: str | None) -> bool:
    key = _name_key(text) if len(text) <= MAX_NAME_CHARS else ""
    return key != "" and (
        any(name and _name_key(name) == key for name in names)
        or (url is not None and key in _domain_keys(domain_of(url) or ""))
    )


@lru_cache(maxsize=1024)
def _name_key(name: str) -> str:
    return alphanumeric_key(name)


@lru_cache(maxsize=1024)
def _domain_keys(domain: str) -> frozenset[str]:
    """Return a domain and the label that its owner registered, as keys: `rfi.fr` and `rfi`."""
    labels = [label for label in domain.split(".")[:-1] if label not in GENERIC_LABELS]
    return frozenset(map(alphanumeric_key, [domain, *labels[-1:]]))
