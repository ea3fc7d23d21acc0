"""Convert URLs to one canonical form for each page."""

import re
from functools import lru_cache
from urllib.parse import unquote_plus, unquote_to_bytes, urljoin, urlsplit, urlunsplit

from posts.urls.redirects import unwrap_redirect
from posts.urls.tracking import is_tracking, may_have_tracking

DOUBLE_ENCODED = re.compile(r"%25(?=[0-9A-Fa-f]{2})")
# Repeated encodings: all except two are removed at once. The loop removes one level in each pass.
REPEATEDLY_ENCODED = re.compile(r"%25(?:25)+(?=25[0-9A-Fa-f]{2})")
# https://www.unicode.org/reports/tr46/: characters that are removed from a host name before it is resolved
IGNORED_IN_HOST = re.compile("[\xad\u200b\u2060\ufeff]")
ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})")
# an escape in lower case, or of a character that needs none
NON_CANONICAL_ESCAPE = re.compile(
    r"%(?:[a-f][0-9A-Fa-f]|[0-9A-F][a-f]|2[DE]|3[0-9]|[46][1-9A-F]|[57][0-9A]|5F|7E)"
)
UNRESERVED = set(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
# Nine of ten URLs are already canonical. URLs that match this are, except those that are encoded twice or may
# have tracking parameters.
CANONICAL_FORM = re.compile(
    r"https?://[a-z0-9.-]+/[A-Za-z0-9._~/@%!$&'()*+,;=-]*(?:\?[A-Za-z0-9._~/@%!$&'()*+,;=-]+)?\Z"
)
# A URL recurs within a post and in the posts beside it; those of all posts would take 40 MB in each process.
CACHED_URLS = 2048
DEFAULT_PORT = {"http": ":80", "https": ":443"}
# an ampersand as an HTML entity, possibly escaped several times
AMPERSAND = re.compile(r"&(?:amp;|#0*38;|#x0*26;)+", re.IGNORECASE)
# Fragments for a position within a page: its top, its comments (WordPress, Disqus), the end of a feed's
# teaser, a time in a video, a leftover of a login. All others may name a separate page: `#v1`, `#/news/1`.
PAGE_ANCHOR = re.compile(
    r"(?:top|comments?|(?:comment|li-comment|respond|more|disqus|dsq)[-_]\w+|respond|more|t=[\dhms.:]+|_=_|!?/?)\Z",
    re.IGNORECASE,
)
# hosts whose URLs end in `#rd` or `#wechat_redirect`; their fragments never name a page
HOSTS_WITHOUT_FRAGMENTS = frozenset({"mp.weixin.qq.com"})
# a host before a whole URL, which a crawler took for a relative one: `https://hosthttps://host/page`
HOST_BEFORE_URL = re.compile(r"(?:https?:)?//[\w.:-]*?(?=https?://)", re.IGNORECASE)
# the fragment of a page in an application that runs in the browser
ROUTE = re.compile("!|/")


@lru_cache(maxsize=CACHED_URLS)
def canonicalize(url: str) -> str | None:
    """Return the canonical form of a URL; None for anything but an absolute http(s) URL.

    - Scheme and host are in lower case. The default port is dropped.
    - A fragment for a position within the page is dropped.
    - Percent-encoding that was applied several times is undone; the rest is written in one way.
    - Tracking parameters are dropped (utm_*, fbclid, gclid, si, spm, source=rss... and others). The rest of
      the query is kept in its order.
    - Tabs and line breaks are removed, as browsers do. Other control characters are percent-encoded; a host
      that contains one is not valid, and the result is None.
    """
    if "&" in url:
        url = AMPERSAND.sub("&", url)
    if CANONICAL_FORM.match(url) and _is_canonical(url):
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
    path, query = _normalize_escapes(parts.path) or "/", _drop_tracking(parts.query, host)
    return urlunsplit((scheme, host, path, query, _drop_anchor(parts.fragment, host)))


def _is_canonical(url: str) -> bool:
    base, _, query = url.partition("?")
    if "%25" in url or ("%" in base and NON_CANONICAL_ESCAPE.search(base)):
        return False
    return not query or not may_have_tracking(query, base.split("/", 3)[2])


def _normalize_escapes(path: str) -> str:
    """Return a path with escapes in one form: `%25E7%25B4`, `%e7%b4` and raw characters become `%E7%B4`."""
    if "%252525" in path:
        path = REPEATEDLY_ENCODED.sub("%25", path)
    while (decoded := DOUBLE_ENCODED.sub("%", path)) != path and _is_utf8(decoded):
        path = decoded
    if NON_CANONICAL_ESCAPE.search(path):
        path = ESCAPE.sub(_normalize_escape, path)
    return _percent_encode(path)


def _percent_encode(text: str) -> str:
    """Percent-encode control characters, spaces and all characters that are not ASCII."""
    if text.isascii() and text.isprintable() and " " not in text:
        return text
    return "".join(c if "!" <= c <= "~" else _percent_encode_char(c) for c in text)


def _is_utf8(path: str) -> bool:
    try:
        unquote_to_bytes(path).decode()
    except UnicodeDecodeError:
        return False
    return True


def _normalize_escape(match: re.Match[str]) -> str:
    byte = int(match[1], 16)
    return chr(byte) if byte in UNRESERVED else match[0].upper()


def _percent_encode_char(char: str) -> str:
    return "".join(f"%{byte:02X}" for byte in char.encode("utf-8", "replace"))


def _drop_tracking(query: str, host: str) -> str:
    if not query:
        return ""
    untracked = "&".join(
        pair for pair in query.split("&") if pair and not is_tracking(*_decode_pair(pair), host)
    )
    return _percent_encode(untracked)


def _drop_anchor(fragment: str, host: str) -> str:
    fragment = _normalize_escapes(fragment).partition(":~:")[0]
    if not fragment or host in HOSTS_WITHOUT_FRAGMENTS:
        return ""
    route, separator, query = fragment.rpartition("?")
    if separator:
        query = _drop_tracking(query, host)
        fragment = f"{route}?{query}" if query else route
    elif "=" in fragment:
        # xtor=RSS-1, utm_source=feed: parameters that usually are in a query
        fragment = fragment if _drop_tracking(fragment, host) else ""
    return "" if PAGE_ANCHOR.match(fragment) else fragment


def _decode_pair(pair: str) -> tuple[str, str]:
    key, _, value = pair.partition("=")
    return unquote_plus(key), unquote_plus(value)


@lru_cache(maxsize=CACHED_URLS)
def resolve_link(base: str | None, url: str) -> str | None:
    """Return the canonical URL of the target of a link in a page; None if it links to no other page.

    Redirectors that contain the target in their URL are followed. The result is None for other schemes
    (mailto:, tel:, javascript:, data: ...), for a position on the same page (#top), and for a relative URL
    without a base.
    """
    url = url.strip()
    if not url or url.startswith(("#", "javascript:", "data:", "mailto:", "tel:")):
        return None
    if url.startswith("www."):
        # written without a scheme; no site has a file of that name
        url = f"http://{url}"
    elif (position := url.find("://", 8)) > 0 and (prefix := HOST_BEFORE_URL.match(url, 0, position + 3)):
        url = url[prefix.end() :]
    if url[:8].lower().startswith(("https://", "http://")):
        return _drop_link_anchor(canonicalize(unwrap_redirect(url)))
    try:
        return _drop_link_anchor(canonicalize(unwrap_redirect(urljoin(base, url)))) if base else None
    except ValueError:
        return None


def _drop_link_anchor(url: str | None) -> str | None:
    """Drop the fragment of a link, usually a position on the page, unless it is a route of an application."""
    if url is None or "#" not in url:
        return url
    page, _, fragment = url.partition("#")
    return url if ROUTE.match(fragment) else page


def is_page_url(url: str) -> bool:
    """Return whether a canonical URL names one page of its site: it has a path, query or fragment."""
    return len(url.split("/", 3)[3]) > 0


def domain_of(url: str) -> str | None:
    """Return the host of a canonical URL, without port and leading www."""
    host = url.split("/", 3)[2].rpartition("@")[2]
    host = host.partition(":")[0] if not host.startswith("[") else host
    return host.removeprefix("www.") or None
