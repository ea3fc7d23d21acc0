"""HTML in two languages, written so that nothing which comes from a post can become markup."""

from collections.abc import Iterable, Sequence
from html import escape

from flows.pipeline.html_report.translations import BOTH
from schemas.enums import PageLanguage

THOUSAND = 1000


def tag(name: str, inner: str, **attributes: str) -> str:
    """Return an element. Attributes are escaped, `inner` is markup; `class_` and `for_` lose their underscore."""
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(value)}"' for key, value in attributes.items()
    )
    return f"<{name}{written}>{inner}</{name}>"


def say(key: str, **given: int) -> str:
    """Return a word of the page in both languages, of which the style sheet shows one."""
    return "".join(
        tag("span", escape(text.format(**given)), class_="t", lang=language)
        for language, text in zip(PageLanguage, BOTH[key], strict=True)
    )


def name(text: str) -> str:
    """Return a text of strangers, so that its direction is its own and does not turn its neighbours around."""
    return tag("bdi", escape(text), title=text)


def number(value: float | None, form: str = ",") -> str:
    return "" if value is None else f"{value:{form}}"


def table(
    header: Sequence[str], rows: Iterable[Sequence[str]], numbers: Sequence[int] = (), caption: str = ""
) -> str:
    """Return a table of markup, scrolling in its own box; columns at the places `numbers` stand to the right."""
    kind = ["number" if place in numbers else "" for place in range(len(header))]
    head = "".join(tag("th", text, scope="col", class_=each) for text, each in zip(header, kind, strict=True))
    body = "".join(tag("tr", _cells(row, kind)) + "\n" for row in rows)
    told = tag("caption", caption) if caption else ""
    inner = tag("table", told + tag("thead", tag("tr", head)) + tag("tbody", body))
    return tag("div", inner, class_="scroll", tabindex="0")


def _cells(row: Sequence[str], kind: Sequence[str]) -> str:
    first, *others = zip(row, kind, strict=True)
    cells = [tag("td", text, class_=each) if each else tag("td", text) for text, each in others]
    return tag("th", first[0], scope="row", class_=first[1]) + "".join(cells)


def size(value: int) -> str:
    """Return a number of bytes as people say it."""
    amount = float(value)
    for unit in ("B", "kB", "MB", "GB"):
        if amount < THOUSAND:
            return f"{amount:,.{0 if unit == 'B' else 1}f} {unit}"
        amount /= THOUSAND
    return f"{amount:,.1f} TB"
