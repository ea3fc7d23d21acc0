"""Find the URL of the picture that an `<img>` shows, and exclude images that are not pictures of the post."""

import re
from collections.abc import Iterable, Iterator, Mapping

from posts.html.image_blocklist import BLOCKED_IMAGE_CLASSES, PHOTO_SUFFIXES, is_blocked_image
from posts.urls.image_proxies import unwrap_image_proxy

# Attributes in which lazy loading stores the URL that a script copies to `src`. If an image has two of them,
# the first in this list has the larger picture.
LAZY_SRC_ATTRIBUTES = {
    "data-original": "jquery.lazyload; Zhihu keeps the full size here",
    "data-actualsrc": "Zhihu",
    "data-original-src": "home-made scripts",
    "data-hi-res-src": "home-made scripts",
    "data-lazy-src": "WordPress: Jetpack, WP Rocket, a3 Lazy Load",
    "data-src": "lazysizes, lozad, WeChat, Squarespace, Medium",
    "data-lazy": "slick",
    "data-lazyload": "Slider Revolution",
    "data-lazyload-src": "home-made scripts",
    "data-ll-src": "LiteSpeed",
    "data-cfsrc": "Cloudflare Mirage",
    "data-ezsrc": "Ezoic",
    "data-pagespeed-lazy-src": "mod_pagespeed",
    "nitro-lazy-src": "NitroPack",
    "data-echo": "echo.js, common on Chinese sites of the 2010s",
    "data-delayed-url": "LinkedIn",
    "data-imgsrc": "home-made scripts",
    "data-img-src": "home-made scripts",
    "data-image-src": "parallax.js",
    "data-real-src": "home-made scripts",
    "real_src": "Sina blogs",
    "lay-src": "layui",
    "lazysrc": "home-made scripts",
    "lazy-src": "home-made scripts",
    "zoomfile": "Discuz! boards",
    "file": "Discuz! boards",
}
# Attributes that may contain the URL of something else (a page, a cropped or a larger version). They are used
# only if `src` shows no picture.
FALLBACK_SRC_ATTRIBUTES = (
    "data-url",
    "data-image",
    "data-img",
    "data-orig-file",
    "data-large-file",
    "data-full",
    "data-pin-media",
)
LAZY_SRCSET_ATTRIBUTES = ("data-srcset", "data-lazy-srcset", "data-original-set")

LAZY_SRCSET_NAMES = frozenset(LAZY_SRCSET_ATTRIBUTES)

TINY_SIZE = re.compile(r"\s*[01](?:px)?\s*\Z")
TINY_STYLE = re.compile(r"(?:^|;)\s*(?:width|height)\s*:\s*[01]px|display\s*:\s*none", re.IGNORECASE)
# names of placeholder images; no photograph is a GIF, PNG or SVG with such a name
PLACEHOLDER = re.compile(
    r"(?:[\w-]*[-_])?(?:spacer|blank|transparent|trans|clear|pixel|1x1|0x0|empty|none|gr[ea]y|white|(?:pre)?load(?:ing|er)"
    r"|lazy(?:load)?|placehold(?:er)?|dot|shim)(?:[-_.]?\d+(?:x\d+)?)?\.(?:gif|png|svg)(?:[?#]|\Z)"
)
NON_URL = re.compile(r"\s*(?:\Z|data:|about:|blob:|javascript:|#)", re.IGNORECASE)
URL_LIKE = re.compile(r"(?!\s*(?:data|about|blob|javascript):)[^{}<>]*[./][^{}<>]*\Z", re.IGNORECASE)

# https://html.spec.whatwg.org/multipage/images.html#parsing-a-srcset-attribute: a URL ends at white space, so
# it may contain commas. A comma at its end separates it from the next URL; then it has no descriptor.
CANDIDATE = re.compile(r"[\s,]*+(\S++)")
DESCRIPTOR = re.compile(r"(?:[^,(]|\([^)]*+(?:\)|\Z))*+")
DESCRIPTOR_SIZE = re.compile(r"\s(\d+(?:\.\d+)?)[wx](?=\s|\Z)")


def image_url(attributes: Mapping[str, str | None]) -> str | None:
    """Return the URL of the picture that an `<img>` shows after lazy loading, as written or as a proxy fetches it.

    The result is None for images that are not pictures of the post: spacers, placeholders, inlined data,
    tracking pixels, ads, icons, cards of the site, pages of videos, portraits, and emoji, whose alt is text.
    """
    written_url = _find_url(attributes)
    url = written_url and unwrap_image_proxy(written_url)
    if not url or _is_tiny(attributes) or is_blocked_image(url):
        return None
    classes = attributes.get("class")
    return None if classes and not BLOCKED_IMAGE_CLASSES.isdisjoint(classes.lower().split()) else url


def best_of_srcset(srcset: str) -> str | None:
    """Return the URL of the largest picture in a `srcset`, the first of equals; None if there is none."""
    sizes = [(size, url) for url, size in _srcset_candidates(srcset) if _usable_url(url)]
    return max(sizes, key=lambda sized: sized[0])[1] if sizes else None


def _srcset_candidates(srcset: str) -> Iterator[tuple[str, float]]:
    position = 0
    while match := CANDIDATE.match(srcset, position):
        url, descriptor, position = match[1], "", match.end()
        if not url.endswith(",") and (descriptor_match := DESCRIPTOR.match(srcset, position)):
            descriptor, position = descriptor_match[0], descriptor_match.end()
        size = DESCRIPTOR_SIZE.search(descriptor)
        yield url.rstrip(","), float(size[1]) if size else 1.0


def _find_url(attributes: Mapping[str, str | None]) -> str | None:
    if not LAZY_SRC_ATTRIBUTES.keys().isdisjoint(attributes) and (
        lazy_url := _first_usable(attributes, LAZY_SRC_ATTRIBUTES)
    ):
        return lazy_url
    if not LAZY_SRCSET_NAMES.isdisjoint(attributes) and (
        lazy_url := _largest_of_srcsets(attributes, LAZY_SRCSET_ATTRIBUTES)
    ):
        return lazy_url
    src = attributes.get("src")
    if src and not NON_URL.match(src) and not _is_placeholder(src):
        return src.strip()
    return _largest_of_srcsets(attributes, ("srcset",)) or _first_usable(attributes, FALLBACK_SRC_ATTRIBUTES)


def _largest_of_srcsets(attributes: Mapping[str, str | None], names: Iterable[str]) -> str | None:
    return next(filter(None, (best_of_srcset(attributes.get(name) or "") for name in names)), None)


def _first_usable(attributes: Mapping[str, str | None], names: Iterable[str]) -> str | None:
    return next(filter(None, (_usable_url(attributes.get(name)) for name in names)), None)


def _usable_url(url: str | None) -> str | None:
    """Return a URL if it can be that of a picture; None for flags, templates, inlined data, placeholders."""
    if not url or not URL_LIKE.match(url) or _is_placeholder(url):
        return None
    return url.strip()


def _is_placeholder(url: str) -> bool:
    name = url[url.rfind("/") + 1 :].lower()
    return not name.endswith(PHOTO_SUFFIXES) and bool(PLACEHOLDER.match(name))


def _is_tiny(attributes: Mapping[str, str | None]) -> bool:
    width, height, style = attributes.get("width"), attributes.get("height"), attributes.get("style")
    return bool(
        (width and TINY_SIZE.match(width))
        or (height and TINY_SIZE.match(height))
        or (style and TINY_STYLE.search(style))
    )
