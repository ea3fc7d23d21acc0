"""BeautifulSoup's tree in the shape of lexbor's: the second engine under the same rules."""

from collections.abc import Mapping

from bs4 import BeautifulSoup
from bs4.element import NavigableString, PageElement, PreformattedString, Tag

from posts.dom import TEXT


class SoupNode:
    """An element, text or comment."""

    __slots__ = ("element",)

    def __init__(self, element: PageElement) -> None:
        self.element = element

    @property
    def tag(self) -> str | None:
        if isinstance(self.element, Tag):
            return self.element.name
        return "-other" if isinstance(self.element, PreformattedString) else TEXT

    @property
    def child(self) -> "SoupNode | None":
        if not isinstance(self.element, Tag) or not self.element.contents:
            return None
        return SoupNode(self.element.contents[0])

    @property
    def next(self) -> "SoupNode | None":
        sibling = self.element.next_sibling
        return None if sibling is None else SoupNode(sibling)

    @property
    def attributes(self) -> Mapping[str, str | None]:
        if not isinstance(self.element, Tag):
            return {}
        return {
            name: value if isinstance(value, str) else " ".join(value)
            for name, value in self.element.attrs.items()
        }

    @property
    def text_content(self) -> str | None:
        return str(self.element) if isinstance(self.element, NavigableString) else None


def body_of_soup(page: str) -> SoupNode | None:
    body = BeautifulSoup(page, "lxml").body
    return None if body is None else SoupNode(body)
