"""The second engine: BeautifulSoup over lxml, its tree written out as lexbor writes its own."""

from bs4 import BeautifulSoup
from bs4.formatter import HTMLFormatter


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")


AS_HTML5 = HTMLFormatter(entity_substitution=_escaped, void_element_close_prefix="")


def markup_of_soup(page: str) -> str:
    body = BeautifulSoup(page, "lxml").body
    return "" if body is None else body.decode(formatter=AS_HTML5)
