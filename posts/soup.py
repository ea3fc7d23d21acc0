"""The second engine: BeautifulSoup over lxml, its tree written out as lexbor writes its own."""

from bs4 import BeautifulSoup
from bs4.element import PageElement, PreformattedString, Tag


def markup_of_soup(page: str) -> str:
    soup = BeautifulSoup(page, "lxml", multi_valued_attributes=None)
    return "" if soup.body is None else _written(soup.body)


def _written(root: Tag) -> str:
    """Write an element and all in it but comments, to any depth.

    Tag.decode compares elements by all they hold: nested alike, they take the square of the time and the stack.
    """
    written, unwritten = list[str](), list[PageElement | str]([root])
    while unwritten:
        node = unwritten.pop()
        if isinstance(node, Tag):
            written.append(f"<{node.name}{''.join(map(_attribute, node.attrs.items()))}>")
            if not node.is_empty_element:
                unwritten += [f"</{node.name}>", *reversed(node.contents)]
        elif type(node) is str:
            written.append(node)
        elif isinstance(node, str) and not isinstance(node, PreformattedString):
            written.append(_escaped(node))
    return "".join(written)


def _attribute(named: tuple[str, object]) -> str:
    name, value = named
    return f' {name}="{_escaped(str(value))}"'


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
