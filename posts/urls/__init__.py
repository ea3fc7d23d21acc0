"""URLs: one canonical spelling for each page."""

import re
from functools import lru_cache
from urllib.parse import unquote_plus, unquote_to_bytes, urljoin, urlsplit, urlunsplit

from posts.urls.redirects import destination
from posts.urls.tracking import is_tracking, may_track

TWICE_ENCODED = re.compile(r"%25(?=[0-9A-Fa-f]{2})")
# all but two of what was encoded many times over; each pass takes one off
MANY_TIMES_ENCODED = re.compile(r"%25(?:25)+(?=25[0-9A-Fa-f]{2})")
# https://www.unicode.org/reports/tr46/: what a name of a host loses on its way to the resolver
IGNORED_IN_HOST = re.compile("[\xad\u200b\u2060\ufeff]")
ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})")
# an escape in small letters, or of a character that needs none
UNTIDY_ESCAPE = re.compile(r"%(?:[a-f][0-9A-Fa-f]|[0-9A-F][a-f]|2[DE]|3[0-9]|[46][1-9A-F]|[57][0-9A]|5F|7E)")
UNRESERVED = set(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
# Nine addresses in ten are canonical already; those that this matches are, but for twice encoded ones and
# those whose query may track.
TIDY = re.compile(
    r"https?://[a-z0-9.-]+/[A-Za-z0-9._~/@%!$&'()*+,;=-]*(?:\?[A-Za-z0-9._~/@%!$&'()*+,;=-]+)?\Z"
)
DEFAULT_PORT = {"http": ":80", "https": ":443"}
# an ampersand as HTML spells it, maybe several times over
AMPERSAND = re.compile(r"&(?:amp;|#0*38;|#x0*26;)+", re.IGNORECASE)
# Fragments that name a place within any page: its head, its comments (WordPress, Disqus), where the teaser of a feed
# ends, a time of a video; what a login left behind. All others may name a page of their own: `#v1`, `#/news/1`.
PLACE = re.compile(
    r"(?:top|comments?|(?:comment|li-comment|respond|more|disqus|dsq)[-_]\w+|respond|more|t=[\dhms.:]+|_=_|!?/?)\Z",
    re.IGNORECASE,
)
# articles whose links end in `#rd` or `#wechat_redirect`, and have no pages within
WITHOUT_FRAGMENTS = frozenset({"mp.weixin.qq.com"})
# a page of an application that runs in the browser
ROUTE = re.compile("!|/")


@lru_cache(maxsize=65536)
def canonical(url: str) -> str | None:
    """Return the one spelling of a web address; None for what is not an absolute http(s) URL.

    Scheme and host are lowered, the default port and a fragment that names a place within the page dropped,
    percent-encoding undone where it was applied twice and otherwise written one way, tracking parameters dropped
    (utm_*, fbclid, gclid, si, spm, source=rss... and the like). The rest of the query is kept in its order. Tabs
    and line breaks are taken out as browsers do, other control characters percent-encoded; a host that holds any
    is none.
    """
    if "&" in url:
        url = AMPERSAND.sub("&", url)
    if TIDY.match(url) and _is_canonical(url):
        return url
    try:
        parts = urlsplit(url.strip())
        scheme, host = parts.scheme.lower(), parts.netloc.lower()
        if scheme not in DEFAULT_PORT or not parts.hostname:
            return None
    except ValueError:
        return None
    if not host.isprintable():
        host = IGNORED_IN_HOST.sub("", host)
        if not host.isprintable():
            return None
    host = host.removesuffix(DEFAULT_PORT[scheme])
    path, query = _escaped_once(parts.path) or "/", _kept_query(parts.query, host)
    return urlunsplit((scheme, host, path, query, _kept_fragment(parts.fragment, host)))


def _is_canonical(tidy: str) -> bool:
    rest, _, query = tidy.partition("?")
    if "%25" in tidy or ("%" in rest and UNTIDY_ESCAPE.search(rest)):
        return False
    return not query or not may_track(query, rest.split("/", 3)[2])


def _escaped_once(path: str) -> str:
    """`%25E7%25B4` and `%e7%b4` and the bare letters all become `%E7%B4`."""
    if "%252525" in path:
        path = MANY_TIMES_ENCODED.sub("%25", path)
    while (once := TWICE_ENCODED.sub("%", path)) != path and _is_utf8(once):
        path = once
    if UNTIDY_ESCAPE.search(path):
        path = ESCAPE.sub(_one_escape, path)
    return _printed(path)


def _printed(text: str) -> str:
    """Percent-encode what is not seen, and all beyond ASCII."""
    if text.isascii() and text.isprintable() and " " not in text:
        return text
    return "".join(c if "!" <= c <= "~" else _percent(c) for c in text)


def _is_utf8(path: str) -> bool:
    try:
        unquote_to_bytes(path).decode()
    except UnicodeDecodeError:
        return False
    return True


def _one_escape(match: re.Match[str]) -> str:
    byte = int(match[1], 16)
    return chr(byte) if byte in UNRESERVED else match[0].upper()


def _percent(char: str) -> str:
    return "".join(f"%{byte:02X}" for byte in char.encode("utf-8", "replace"))


def _kept_query(query: str, host: str) -> str:
    if not query:
        return ""
    kept = "&".join(pair for pair in query.split("&") if pair and not is_tracking(*_decoded(pair), host))
    return _printed(kept)


def _kept_fragment(fragment: str, host: str) -> str:
    fragment = _escaped_once(fragment).partition(":~:")[0]
    if not fragment or host in WITHOUT_FRAGMENTS:
        return ""
    route, mark, query = fragment.rpartition("?")
    if mark:
        query = _kept_query(query, host)
        fragment = f"{route}?{query}" if query else route
    elif "=" in fragment:
        # xtor=RSS-1, utm_source=feed: what a query would hold
        fragment = fragment if _kept_query(fragment, host) else ""
    return "" if PLACE.match(fragment) else fragment


def _decoded(pair: str) -> tuple[str, str]:
    key, _, value = pair.partition("=")
    return unquote_plus(key), unquote_plus(value)


@lru_cache(maxsize=65536)
def absolute(base: str | None, url: str) -> str | None:
    """Return the canonical form of a link in a page, past pages that only lead on; None for what leads to no other page.

    That is an address of another kind (mailto:, tel:, javascript:, data: ...), a place on the same page (#top),
    and, without a base, a relative address.
    """
    url = url.strip()
    if not url or url.startswith(("#", "javascript:", "data:", "mailto:", "tel:")):
        return None
    if url.startswith("www."):
        # written as it is spoken; no page keeps a file of that name
        url = f"http://{url}"
    if url[:8].lower().startswith(("https://", "http://")):
        return _whole_page(canonical(destination(url)))
    try:
        return _whole_page(canonical(destination(urljoin(base, url)))) if base else None
    except ValueError:
        return None


def _whole_page(url: str | None) -> str | None:
    """Leave out where on its page a link leads to, which most fragments of links say."""
    if url is None or "#" not in url:
        return url
    page, _, fragment = url.partition("#")
    return url if ROUTE.match(fragment) else page


def names_a_page(url: str) -> bool:
    """Tell whether a canonical URL names one page of its site, by a path, query or fragment."""
    return len(url.split("/", 3)[3]) > 0


def domain(url: str) -> str | None:
    """Return the host of a canonical URL, without port and leading www."""
    host = url.split("/", 3)[2].rpartition("@")[2]
    host = host.partition(":")[0] if not host.startswith("[") else host
    return host.removeprefix("www.") or None
