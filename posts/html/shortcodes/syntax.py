"""The syntax of shortcodes: Hugo, Liquid (Jekyll), Nunjucks (Hexo, Eleventy) and Tera (Zola)."""

import re
from dataclasses import dataclass, field

# Alternatives of a larger pattern. Each stops where the next tag begins, so that the time is linear.
TAG_START = (
    r"\{\{(?P<hugo>[<%])(?P<hugo_content>(?:[^{>%]++|\{(?!\{)|[>%](?!\}\}))*+)[>%]\}\}"
    r"|\{%(?P<liquid>(?:[^{%]++|\{(?!%)|%(?!\}))*+)%\}"
    r"|(?P<angle><(?=\{\{[^{}\n]*+\}\}>))?\{\{(?![<%{])(?P<output>[^{}\n]*+)\}\}(?(angle)>)"
)
NAME = re.compile(r"\s*-?\s*(?P<slash>/?)\s*(?P<name>[A-Za-z_][\w./-]*)")
ARGUMENT = re.compile(
    r"(?:(?P<key>[A-Za-z][\w.-]*+)\s*+(?:=|:(?!//))\s*+)?"
    r"(?:\"(?P<double>(?:[^\"\\]++|\\.)*+)\"|'(?P<single>[^']*+)'|`(?P<raw>[^`]*+)`|(?P<bare>[^\s,\"']++))",
    re.DOTALL,
)
ESCAPED_TAG = re.compile(r"\{(\{[<%]?|%)/\*((?:[^*{]++|\{(?![{%])|\*(?!/))*+)\*/([>%]?\}|%)\}")
RAW_TAG = re.compile(r"\{%-?\s*+(?:end)?raw\s*+-?%\}")
RAW_END = re.compile(r"\{%-?\s*+endraw\s*+-?%\}")
ASCII_PUNCTUATION = re.compile(r"[!-/:-@\[-`{-~]")


@dataclass(frozen=True, slots=True)
class Shortcode:
    """A parsed tag: its name in lower case, what follows the name, and the arguments by position and by key."""

    name: str
    source: str
    is_end: bool = False
    text: str = ""
    values: list[str] = field(default_factory=list)
    named: dict[str, str] = field(default_factory=dict)

    def get(self, *keys: str) -> str:
        """Return the first argument with one of these keys, or an empty string."""
        return next((self.named[key] for key in keys if self.named.get(key)), "")

    def first(self, *keys: str) -> str:
        """Return the first argument with one of these keys, or else the first by position."""
        return self.get(*keys) or (self.values[0] if self.values else "")


def parse_tag(source: str, content: str) -> Shortcode | None:
    """Return the shortcode of a tag, given what stands between its delimiters; None if it has no name."""
    match = NAME.match(content)
    if match is None:
        return None
    name = match["name"].rstrip("/").lower()
    if match["slash"] or name.startswith("end"):
        return Shortcode(name if match["slash"] else name.removeprefix("end"), source, is_end=True)
    text = content[match.end() :].strip(" \t\r\n-").removesuffix("/").strip()
    if text.startswith("("):
        # the syntax of Tera, as that of a call
        text = text.removeprefix("(").removesuffix(")")
    values: list[str] = []
    named: dict[str, str] = {}
    for argument in ARGUMENT.finditer(text):
        value = argument["double"] or argument["single"] or argument["raw"] or argument["bare"] or ""
        if argument["key"]:
            named.setdefault(argument["key"].lower(), value)
        elif value:
            values.append(value)
    return Shortcode(name, source, text=text, values=values, named=named)


def show_in_code(code: str) -> str:
    """Return code as Jekyll and Hugo show it: without `raw` tags, and `{{</* x */>}}` as `{{< x >}}`."""
    if "*/" in code:
        code = ESCAPED_TAG.sub(r"{\1\2\3}", code)
    return RAW_TAG.sub("", code) if RAW_END.search(code) else code


def show_as_text(text: str) -> str:
    """Return HTML that shows a text on one line as it is, wherever in Markdown it stands."""
    return ASCII_PUNCTUATION.sub(lambda char: f"&#{ord(char[0])};", " ".join(text.split()))
