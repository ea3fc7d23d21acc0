"""What stands for a shortcode in the source of Markdown: a picture, a link, the title of a box, or nothing."""

import re
from collections.abc import Callable
from html import unescape

from posts.html.shortcodes import known
from posts.html.shortcodes.links import link, reference, target_of
from posts.html.shortcodes.syntax import Shortcode, show_as_text
from posts.html.tags import escape_html

# the rule `unknown_shortcode` drops this element
UNKNOWN_ELEMENT = "postlake-shortcode"
UNKNOWN_IN_CODE = re.compile(rf"&lt;{UNKNOWN_ELEMENT}&gt;((?:[^<&]++|&(?!lt;))*+)&lt;/{UNKNOWN_ELEMENT}&gt;")
BREAK = "\n\n"
BREAKING = known.BOXES | known.ENTRIES | known.QUOTES | {""}
IMAGE_FILE = re.compile(rf"{known.IMAGE_FILE}|^(?:https?:)?//", re.IGNORECASE)
URL_KEYS = "src", "url", "link", "path", "file", "image", "image_path", "img", "file_path", "href"
CAPTION_KEYS = "caption", "description", "content", "text", "desc"
TITLE_KEYS = "title", "summary", "header", "heading", "name", "label", "tab"
LINK_TITLE = re.compile(r"\[([^\[\]]+)\]\((\S+)\)")
# icons, colours, numbers and addresses among the arguments of a box
NO_TITLE = re.compile(r"fa[a-z]?[ -]|[#\d]|icon|\.|(?:https?:)?//")
BACKTICKS = re.compile("`+")
BLANK_EDGES = re.compile(r"\A(?:[ \t>]*+\n)++|\s++[ \t>]*+\Z")


def replace_by_markdown(shortcode: Shortcode, *, is_in_url: bool) -> str:
    """Return what stands for a tag whose content, if there is any, is text of its own."""
    name = shortcode.name
    if name in known.URLS:
        return reference(shortcode, is_in_url=is_in_url)
    if is_in_url:
        return ""
    if shortcode.is_end:
        return _end(shortcode)
    for names, replace in REPLACERS:
        if name in names:
            return replace(shortcode)
    if name.startswith("include"):
        return _include(shortcode)
    return "" if name in known.KNOWN else unknown(shortcode.source)


def fence_of(code: str, indent: str) -> str:
    """Return a fence around code. `indent` is what stands before it, and before each line of the code."""
    ticks = "`" * max(3, 1 + max(map(len, BACKTICKS.findall(code)), default=0))
    lines = BLANK_EDGES.sub("", code)
    return f"{ticks}\n{lines}\n{indent}{ticks}"


def pre_of(code: str) -> str:
    """Return an element with code."""
    return f"<pre>{escape_html(BLANK_EDGES.sub('', code))}</pre>"


def formula_of(formula: str) -> str:
    """Return HTML that shows a formula as written."""
    if "\n" not in formula.strip():
        return show_as_text(formula)
    return f"{BREAK}<pre>{escape_html(formula.strip())}</pre>{BREAK}"


def paragraph_of(text: str) -> str:
    return f"{BREAK}<p>{show_as_text(text)}</p>{BREAK}" if text.strip() else BREAK


def heading_of(text: str) -> str:
    """Return the title of an entry of a timeline, such as `2021-02-16` or `[1.0](https://lamp.example/1.0)`."""
    linked = LINK_TITLE.fullmatch(text.strip())
    html = (
        f'<a href="{escape_html(linked[2])}">{show_as_text(linked[1])}</a>' if linked else show_as_text(text)
    )
    return f"{BREAK}<h4>{html}</h4>{BREAK}" if html else BREAK


def _end(shortcode: Shortcode) -> str:
    # `{% end %}` of Tera has no name
    if shortcode.name in BREAKING:
        return BREAK
    return "" if shortcode.name in known.KNOWN else unknown(shortcode.source)


def unknown(source: str) -> str:
    """Return an element with the source of what cannot be known; it is left out of the text, and counted."""
    return f"<{UNKNOWN_ELEMENT}>{show_as_text(source)}</{UNKNOWN_ELEMENT}>"


def restore_in_code(html: str) -> str:
    """Return rendered Markdown with the sources of the unknown shortcodes that turned out to be in code."""
    if f"&lt;{UNKNOWN_ELEMENT}&gt;" not in html:
        return html
    return UNKNOWN_IN_CODE.sub(lambda element: escape_html(unescape(unescape(element[1]))), html)


def _figure(shortcode: Shortcode) -> str:
    values = shortcode.values
    start = next((number for number, value in enumerate(values) if IMAGE_FILE.search(value)), 0)
    url = shortcode.get(*URL_KEYS) or "".join(values[start : start + 1])
    words = [value for value in values[start + 1 :] if not re.fullmatch(r"[\d.]+(?:px|%)?", value)]
    title, caption = shortcode.get("title"), shortcode.get(*CAPTION_KEYS)
    alt = shortcode.get("alt") or caption or title or " ".join(words)
    image = f'<img src="{target_of(url)}" alt="{show_as_text(alt)}">' if url else ""
    if shortcode.name in {"asset_img", "img"}:
        return image
    captions = "".join(
        f"<p>{show_as_text(text)}</p>" for text in (title, caption, shortcode.get("attr")) if text
    )
    if not captions:
        return image
    return f"{BREAK}<figure>{image}<figcaption>{captions}</figcaption></figure>{BREAK}"


def title_of(shortcode: Shortcode) -> str:
    """Return the title among the arguments of a shortcode around a text, as a paragraph."""
    title = shortcode.get(*TITLE_KEYS)
    return paragraph_of(title) if title else ""


def _box(shortcode: Shortcode) -> str:
    title = paragraph_of(shortcode.get(*TITLE_KEYS) or _box_title(shortcode))
    return title + paragraph_of(shortcode.get("author")) if shortcode.name == "poetry" else title


def _box_title(shortcode: Shortcode) -> str:
    if shortcode.name in {
        "tabs",
        "subtabs",
        "subsubtabs",
        "btns",
        "gi",
        "gallery",
        "columns",
        "column",
        "grid",
        "steps",
        "cards",
        "cell",
        "row",
        "col",
    }:
        return ""
    words = [
        value
        for value in shortcode.values
        if value.lower() not in known.BOX_STYLES and not NO_TITLE.match(value)
    ]
    return " ".join(words).removeprefix("@")


def _marked(shortcode: Shortcode) -> str:
    text, (first, _, rest) = shortcode.text, shortcode.text.partition(",")
    if shortcode.name == "label":
        text = text.partition("@")[2]
    elif (shortcode.name in {"span", "p"} and "=" not in first) or (
        shortcode.name in known.CHECKS and known.CHECK_STYLES.issuperset(first.lower().split())
    ):
        text = rest
    elif shortcode.name in {"bubble", "cb", "hideinline"}:
        text = first
    elif shortcode.named:
        text = " ".join(shortcode.values)
    return show_as_text(shortcode.get("text", "content") or text.strip(" \"'"))


def _include(shortcode: Shortcode) -> str:
    """Return the picture that an include shows, if it is named as one that shows a picture."""
    file_name = shortcode.values[0].rpartition("/")[2].lower() if shortcode.values else ""
    return (
        _figure(shortcode) if file_name.startswith(known.IMAGE_INCLUDE) and shortcode.get(*URL_KEYS) else ""
    )


def _entry(shortcode: Shortcode) -> str:
    return heading_of(shortcode.text)


REPLACERS: tuple[tuple[frozenset[str], Callable[[Shortcode], str]], ...] = (
    (known.FIGURES, _figure),
    (known.LINKS, link),
    (known.ENTRIES, _entry),
    (known.BOXES, _box),
    (known.QUOTES, lambda _: BREAK),
    (known.MARKED, _marked),
)
