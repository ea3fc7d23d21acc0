"""Decide which links of a post are listed: links to its own pictures and to tag pages of its site are not."""

import re
from urllib.parse import urlsplit

from posts.cleaning.links import IMAGE_PATH
from posts.html.blocks import Content, Link
from posts.html.images import image_url
from posts.rules.context import PageContext, site_name
from posts.rules.rule import Rule, Scope

# Rules about links; the texts of the links stay.
OWN_PICTURE = Rule("own_picture", "a picture of the post links to a copy of itself", Scope.LINK)
TAG_PAGE = Rule("tag_page", "a word links to what the site has on that tag", Scope.LINK)
REPEATED_LINK = Rule("repeated_link", "the same link with the same text again", Scope.LINK)
LINK_LIST_RULES = (OWN_PICTURE, TAG_PAGE, REPEATED_LINK)
# WordPress and others (`/tag/name`), Blogger (`/search/label/name`)
TAG_PATH = re.compile(r"/(?:tags?|hashtags?|search/label)/[^/]", re.IGNORECASE)


def drop_unlisted_links(content: Content, page: PageContext) -> None:
    """Set a rule on the links that lead to no other page by choice of the author, and on repeated ones.

    Sites link each picture to a larger copy of it, and words of the text to their tag pages.
    """
    links = [link for link in content.all_links if link.is_kept]
    texted_hrefs = {link.href for link in links if link.text}
    seen: set[tuple[str, str]] = set()
    for link in links:
        key = link.href, link.text
        if _leads_to_own_picture(link, page):
            link.rule = OWN_PICTURE.name
        elif TAG_PATH.search(link.href) and _is_on_own_site(link.href, page):
            link.rule = TAG_PAGE.name
        elif key in seen or (not link.text and link.href in texted_hrefs):
            link.rule = REPEATED_LINK.name
        seen.add(key)


def _leads_to_own_picture(link: Link, page: PageContext) -> bool:
    """Return whether a link around a picture leads to a picture: by its path, or on the host of the picture."""
    if not link.images:
        return False
    path, host = _path_and_host(link.href)
    if IMAGE_PATH.search(path):
        return True
    hosts = {_path_and_host(image_url(image.attributes) or "")[1] for image in link.images}
    return not link.text and host in hosts and host not in {"", _path_and_host(page.url or "")[1]}


def _is_on_own_site(href: str, page: PageContext) -> bool:
    host = _path_and_host(href)[1]
    return bool(page.site) and (not host or site_name(host) == page.site)


def _path_and_host(url: str) -> tuple[str, str]:
    try:
        parts = urlsplit(url.strip())
    except ValueError:
        return "", ""
    return parts.path, parts.hostname or ""
