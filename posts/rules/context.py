"""What is known of a post when its blocks are judged."""

from dataclasses import dataclass
from urllib.parse import urlsplit

# `example.co.uk`: the letters of a country and, at most, of the kind of site under it
PARTS_UNDER_COUNTRY, COUNTRY, KIND = 3, 2, 3
SHORTEST_NAME = 3


@dataclass(frozen=True, slots=True)
class Page:
    """What is known of a post when its blocks are judged."""

    title: str = ""
    url: str | None = None

    @property
    def site(self) -> str:
        return site_of(urlsplit(self.url).hostname or "") if self.url else ""


def site_of(host: str) -> str:
    """Return the name of a site: `example` of www.example.com, example.co.uk and blog.example.org.

    A site that moves to another ending keeps its name; a name of one or two letters is no name, the host is.
    """
    labels = host.lower().split(".")
    is_country = len(labels) >= PARTS_UNDER_COUNTRY and len(labels[-1]) == COUNTRY and len(labels[-2]) <= KIND
    name = labels[-3 if is_country else -2] if len(labels) > 1 else host
    return name if len(name) >= SHORTEST_NAME else host
