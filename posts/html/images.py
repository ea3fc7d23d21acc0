"""Which picture an `<img>` shows, and which of them are no pictures of the post."""

import re
from collections.abc import Iterable, Iterator, Mapping

from posts.html.image_blocklist import NO_PICTURE_CLASSES, PHOTOGRAPH, is_of_no_post

# Where late loading keeps the address that a script puts into `src`, the largest picture first where there are two.
LATE = {
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
# Attributes that can hold the address of something else (a page, a cropped or a bigger version): if `src` shows nothing.
LATE_IF_NOTHING_ELSE = (
    "data-url",
    "data-image",
    "data-img",
    "data-orig-file",
    "data-large-file",
    "data-full",
    "data-pin-media",
)
LATE_SETS = ("data-srcset", "data-lazy-srcset", "data-original-set")

SETS = frozenset(LATE_SETS)

TINY = re.compile(r"\s*[01](?:px)?\s*\Z")
TINY_STYLE = re.compile(r"(?:^|;)\s*(?:width|height)\s*:\s*[01]px|display\s*:\s*none", re.IGNORECASE)
# a stand-in has the name of one, and no photograph is a GIF, PNG or SVG with such a name
STAND_IN = re.compile(
    r"(?:[\w-]*[-_])?(?:spacer|blank|transparent|trans|clear|pixel|1x1|0x0|empty|none|gr[ea]y|white|(?:pre)?load(?:ing|er)"
    r"|lazy(?:load)?|placehold(?:er)?|dot|shim)(?:[-_.]?\d+(?:x\d+)?)?\.(?:gif|png|svg)(?:[?#]|\Z)"
)
NO_ADDRESS = re.compile(r"\s*(?:\Z|data:|about:|blob:|javascript:|#)", re.IGNORECASE)
AN_ADDRESS = re.compile(r"(?!\s*(?:data|about|blob|javascript):)[^{}<>]*[./][^{}<>]*\Z", re.IGNORECASE)

# https://html.spec.whatwg.org/multipage/images.html#parsing-a-srcset-attribute: an address ends at white space, so
# that it can hold commas; a comma at its very end parts it from the next and it has no descriptor.
CANDIDATE = re.compile(r"[\s,]*+(\S++)")
DESCRIPTION = re.compile(r"(?:[^,(]|\([^)]*+(?:\)|\Z))*+")
SIZE = re.compile(r"\s(\d+(?:\.\d+)?)[wx](?=\s|\Z)")


def picture(attributes: Mapping[str, str | None]) -> str | None:
    """Return the address of the picture that an `<img>` shows once all is loaded, as it is written.

    None for what is no picture of the post: spacers and stand-ins, inlined data, pixels that count readers, ads,
    share icons, portraits, and emoji, whose alt is text.
    """
    address = _address(attributes)
    if not address or _is_tiny(attributes) or is_of_no_post(address):
        return None
    classes = attributes.get("class")
    return None if classes and not NO_PICTURE_CLASSES.isdisjoint(classes.lower().split()) else address


def best_of_srcset(srcset: str) -> str | None:
    """Return the address of the largest picture that a `srcset` names, the first of equals; None if it names none."""
    sizes = [(size, address) for address, size in _candidates(srcset) if _usable(address)]
    return max(sizes, key=lambda sized: sized[0])[1] if sizes else None


def _candidates(srcset: str) -> Iterator[tuple[str, float]]:
    at = 0
    while found := CANDIDATE.match(srcset, at):
        address, described, at = found[1], "", found.end()
        if not address.endswith(",") and (description := DESCRIPTION.match(srcset, at)):
            described, at = description[0], description.end()
        size = SIZE.search(described)
        yield address.rstrip(","), float(size[1]) if size else 1.0


def _address(attributes: Mapping[str, str | None]) -> str | None:
    if not LATE.keys().isdisjoint(attributes) and (late := _first_usable(attributes, LATE)):
        return late
    if not SETS.isdisjoint(attributes) and (late := _largest(attributes, LATE_SETS)):
        return late
    src = attributes.get("src")
    if src and not NO_ADDRESS.match(src) and not _is_stand_in(src):
        return src.strip()
    return _largest(attributes, ("srcset",)) or _first_usable(attributes, LATE_IF_NOTHING_ELSE)


def _largest(attributes: Mapping[str, str | None], names: Iterable[str]) -> str | None:
    return next(filter(None, (best_of_srcset(attributes.get(name) or "") for name in names)), None)


def _first_usable(attributes: Mapping[str, str | None], names: Iterable[str]) -> str | None:
    return next(filter(None, (_usable(attributes.get(name)) for name in names)), None)


def _usable(address: str | None) -> str | None:
    """Return what is written if it can be the address of a picture: no flag, template, inlined data or stand-in."""
    if not address or not AN_ADDRESS.match(address) or _is_stand_in(address):
        return None
    return address.strip()


def _is_stand_in(address: str) -> bool:
    name = address[address.rfind("/") + 1 :].lower()
    return not name.endswith(PHOTOGRAPH) and bool(STAND_IN.match(name))


def _is_tiny(attributes: Mapping[str, str | None]) -> bool:
    width, height, style = attributes.get("width"), attributes.get("height"), attributes.get("style")
    return bool(
        (width and TINY.match(width))
        or (height and TINY.match(height))
        or (style and TINY_STYLE.search(style))
    )
