"""The metadata of a post that the rules about blocks use."""

from typing import NamedTuple
from urllib.parse import urlsplit

from posts.rules.own_rules import NO_OWN_RULES, OwnRules

# `example.co.uk`: minimum labels, length of the country code, maximum length of the label before it
MIN_LABELS_UNDER_COUNTRY, COUNTRY_CODE_CHARS, MAX_CATEGORY_CHARS = 3, 2, 3
MIN_NAME_CHARS = 3


class PageContext(NamedTuple):
    """The metadata of a post that the rules about blocks use, and the rules of the lake's own for its source."""

    title: str = ""
    url: str | None = None
    author: str | None = None
    own_rules: OwnRules = NO_OWN_RULES

    @property
    def site(self) -> str:
        return site_name(urlsplit(self.url).hostname or "") if self.url else ""


def site_name(host: str) -> str:
    """Return the name of a site: `example` for www.example.com, example.co.uk and blog.example.org.

    It does not depend on the top-level domain. If it has only one or two letters, the result is the host.
    """
    labels = host.lower().split(".")
    is_under_country = (
        len(labels) >= MIN_LABELS_UNDER_COUNTRY
        and len(labels[-1]) == COUNTRY_CODE_CHARS
        and len(labels[-2]) <= MAX_CATEGORY_CHARS
    )
    name = labels[-3 if is_under_country else -2] if len(labels) > 1 else host
    return name if len(name) >= MIN_NAME_CHARS else host
