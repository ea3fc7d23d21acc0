"""Unwrap the URLs of image proxies: services that fetch, resize or cache the picture of another site."""

import re
from urllib.parse import parse_qsl, unquote, urljoin, urlsplit

# Proxies by host and path, with the name of the parameter for the picture.
PROXY_PARAMETERS = {
    "images.weserv.nl/": "url", "wsrv.nl/": "url", "imageproxy.pimg.tw/resize": "url",
    "external-content.duckduckgo.com/iu/": "u", "proxy.duckduckgo.com/iu/": "u", "image.baidu.com/search/down": "url",
    "images-blogger-opensocial.googleusercontent.com/gadgets/proxy": "url",
}  # fmt: skip
# Proxies whose path is the host and path of the picture: Jetpack (https://developer.wordpress.com/docs/photon/),
# the cache of AMP.
HOST_IN_PATH = re.compile(
    r"https?://(?:i\d\.wp\.com|[\w-]+\.cdn\.ampproject\.org/i(?:/s)?)/(?P<target>[\w-]+(?:\.[\w-]+)+/[^?#]+)",
    re.IGNORECASE,
)
# Before a whole URL in the path: Cloudinary, Substack, Cloudflare, ShortPixel, Baidu.
MARK_BEFORE_URL = re.compile(r"/(?:image/fetch|cdn-cgi/image|spai|proxy)/|/image_search/src=", re.IGNORECASE)
URL_IN_PATH = re.compile(r"https?(?::|%3A)(?:/|%2F)[^&]+", re.IGNORECASE)
# Next.js resizes pictures under this path of each site
NEXT_IMAGE = "/_next/image"
HEX_URL = re.compile(r"https?://camo\.githubusercontent\.com/[0-9a-f]{40,64}/((?:[0-9a-f]{2})+)\Z")
# `ssl:` is how weserv once marked pictures served by https
SCHEME = re.compile(r"(?:(https?):/{0,2}|(ssl):|//)", re.IGNORECASE)
HOST_AND_PATH = re.compile(r"[\w-]+(?:\.[\w-]+)+(?::\d+)?/\S")
# a fast check: most URLs contain none of them
POSSIBLE_PROXY = re.compile(
    r"[?&]ur?l?=|//i\d\.wp\.com|ampproject|/fetch/|/cdn-cgi/|/spai/|/proxy/|//camo\.|image_search"
)
# a picture may pass through one proxy to another
MAX_PROXIES = 4


def unwrap_image_proxy(url: str) -> str:
    """Return the URL of the picture that an image proxy shows; any other URL as it is."""
    for _ in range(MAX_PROXIES):
        target = _proxied_url(url) if POSSIBLE_PROXY.search(url) else None
        if not target:
            return url
        url = target
    return url


def _proxied_url(url: str) -> str | None:
    if match := HOST_IN_PATH.match(url):
        return f"https://{match['target']}"
    inner = url.find("http", 8)
    if inner > 0 and MARK_BEFORE_URL.search(url, 8, inner) and (match := URL_IN_PATH.match(url, inner)):
        return _with_scheme(unquote(match[0]))
    if match := HEX_URL.match(url):
        return _with_scheme(bytes.fromhex(match[1]).decode(errors="replace"))
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    path = parts.path.lower() or "/"
    is_own_path = path.endswith(NEXT_IMAGE)
    parameter = "url" if is_own_path else PROXY_PARAMETERS.get(f"{parts.netloc.lower()}{path}")
    target = dict(parse_qsl(parts.query)).get(parameter, "") if parameter else ""
    if is_own_path and target.startswith("/") and not target.startswith("//"):
        return urljoin(url, target)
    return _with_scheme(target)


def _with_scheme(target: str) -> str | None:
    """Return an absolute URL; None if the text does not name a file on a host."""
    target = target.strip()
    scheme = SCHEME.match(target)
    rest = target[scheme.end() :] if scheme else target
    if not HOST_AND_PATH.match(rest):
        return None
    return f"{((scheme and scheme[1]) or 'https').lower()}://{rest}"
