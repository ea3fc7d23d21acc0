"""Replace the shortcodes of a body: figures become pictures, references links, and boxes paragraphs.

Code stays as it is. Shortcodes that are not known become elements that the rule `unknown_shortcode` drops.
"""

import re
from functools import cache

from posts.html.code_regions import CODE_START, CodeRegions
from posts.html.shortcodes import known
from posts.html.shortcodes.loops import LoopDefinitions
from posts.html.shortcodes.replace import (
    BREAK,
    UNKNOWN_ELEMENT,
    fence_of,
    formula_of,
    heading_of,
    paragraph_of,
    pre_of,
    replace_by_markdown,
    restore_in_code,
    title_of,
    unknown,
)
from posts.html.shortcodes.syntax import (
    RAW_END,
    TAG_START,
    Shortcode,
    parse_tag,
    show_as_text,
    show_in_code,
)

__all__ = ["UNKNOWN_ELEMENT", "replace_shortcodes", "restore_in_code"]

PIECE = re.compile(f"{CODE_START}|{TAG_START}", re.MULTILINE | re.IGNORECASE)
END_TAG = re.compile(r"\{\{[<%]\s*+/\s*+([\w./-]++)|\{%-?\s*+end([\w-]*+)")
# the titles of tabs and the days of a time line, as themes of Hexo write them
TAB_COMMENT = re.compile(r"<!--\s*+(?:tab|item|(?P<entry>timeline|node))\s++(?P<title>[^>]*?)\s*+-->")
# variables of https://jekyllrb.com/docs/variables/; text in other braces may be about templates
VARIABLES = frozenset({"site", "page", "content", "include", "layout", "paginator", "theme", "config"})
VARIABLE = re.compile(r"-?\s*+([\w-]++)(?!\s*\()")
ASSIGNMENT = re.compile(r"\{%-?\s*+(?:assign|capture|for|set|tablerow)\s++([\w-]++)")
LITERAL = re.compile(r"-?\s*+(?:\"([^\"]*+)\"|'([^']*+)')\s*+(?:\||-?$)")
TERA_CALL = re.compile(r"\s*+\w++\s*+\((?:\s*+\w++\s*+=|\s*+\))")
DEFINITION = re.compile(r" {0,3}\[[^\]]+\]:\s*\S*\Z")
MAX_LINE_START_CHARS = 200


def replace_shortcodes(body: str, *, is_html: bool = False) -> str:
    """Return the body with Markdown and HTML, or only with HTML, instead of its shortcodes."""
    # a search for one character is much faster than for two
    if "{" not in body or ("{%" not in body and "{{" not in body):
        return body
    return _Replacer(body, is_html=is_html).replace_all()


class _Replacer:
    def __init__(self, body: str, *, is_html: bool) -> None:
        self.body = body
        self.is_html = is_html
        self.regions = CodeRegions(body)
        self.loops = LoopDefinitions(body)
        self.ended_names = {(end[1] or end[2] or "").lower() for end in END_TAG.finditer(body)}
        self.variables = VARIABLES.union(ASSIGNMENT.findall(body))
        # name of each open quotation -> who is quoted
        self.open_quotes: list[tuple[str, str]] = []

    def replace_all(self) -> str:
        body, pieces = self.body, list[str]()
        copied = position = 0
        while match := PIECE.search(body, position):
            replaced = self.replace(match)
            if replaced is None:
                position = match.end()
                continue
            text, position = replaced
            pieces += body[copied : match.start()], text
            copied = position
        return "".join([*pieces, body[copied:]])

    def replace(self, match: re.Match[str]) -> tuple[str, int] | None:
        """Return what stands for a piece, and where the piece ends; None if it is text."""
        content = match["hugo_content"] if match["hugo"] else match["liquid"]
        if content is not None:
            return self.replace_tag(match, content)
        if match["output"] is not None:
            if definitions := self.replace_definition(match):
                return definitions
            text = self.replace_output(match)
            return None if text is None else (text, match.end())
        end = self.regions.end_of(match)
        if end is None:
            return None
        code = self.body[match.start() : end]
        if not match["comment"]:
            return show_in_code(code), end
        return _title_in_comment(code) or code, end

    def replace_tag(self, match: re.Match[str], content: str) -> tuple[str, int] | None:
        source = match[0]
        if content.startswith("/*"):
            return show_as_text(show_in_code(source)), match.end()
        shortcode = parse_tag(source, content)
        if shortcode is None:
            return None
        if shortcode.name in {"raw", "verbatim"} and not match["hugo"]:
            return self.skip_raw(match)
        if not shortcode.is_end and shortcode.name in known.CODE | known.MATH | known.HIDDEN:
            return self.replace_content(match, shortcode)
        text = replace_by_markdown(shortcode, is_in_url=self.is_in_url(match))
        if shortcode.name not in known.KNOWN and shortcode.name in self.ended_names and not shortcode.is_end:
            text += title_of(shortcode)
        if shortcode.name in known.QUOTES or not shortcode.name:
            text += self.attribution(shortcode)
        is_alone = (
            not text.startswith("<a") and self.indent_of(match) is not None and self.ends_line(match.end())
        )
        return (f"{BREAK}{text}{BREAK}" if is_alone else text), match.end()

    def skip_raw(self, match: re.Match[str]) -> tuple[str, int]:
        end = self.regions.find(RAW_END, match.end(), len(self.body))
        if end is None:
            return "", match.end()
        return self.body[match.end() : end.start()], end.end()

    def replace_content(self, match: re.Match[str], shortcode: Shortcode) -> tuple[str, int]:
        end = self.regions.find(_end_tag(shortcode.name), match.end(), len(self.body))
        if end is None:
            return "", match.end()
        content = self.body[match.end() : end.start()]
        if shortcode.name in known.HIDDEN:
            return "", end.end()
        if shortcode.name in known.MATH:
            return formula_of(content), end.end()
        if self.is_html:
            return pre_of(show_in_code(content)), end.end()
        indent = self.indent_of(match)
        after = "" if self.ends_line(end.end()) else BREAK
        fence = fence_of(show_in_code(content), indent or "")
        return (fence if indent is not None else BREAK + fence) + after, end.end()

    def replace_definition(self, match: re.Match[str]) -> tuple[str, int] | None:
        """Return what stands for a definition with a variable in its label, and its end; None if it is none."""
        variable = VARIABLE.match(match["output"])
        if variable is None or variable[1] not in self.variables:
            return None
        return self.loops.replace(self.line_start(match.start()), match["output"], match.end())

    def replace_output(self, match: re.Match[str]) -> str | None:
        """Return what stands for `{{ ... }}`; None if it is no variable of the site or the body, no literal and no call."""
        content = match["output"]
        if content.startswith("/*"):
            return show_as_text(show_in_code(match[0]))
        variable = VARIABLE.match(content)
        if variable and variable[1] in self.variables:
            return "" if self.is_in_url(match) else unknown(match[0])
        if literal := LITERAL.match(content):
            return literal[1] or literal[2] or ""
        if not TERA_CALL.match(content):
            return None
        shortcode = parse_tag(match[0], content)
        return replace_by_markdown(shortcode, is_in_url=self.is_in_url(match)) if shortcode else None

    def attribution(self, shortcode: Shortcode) -> str:
        """Remember who is quoted, or return it at the end of the quotation."""
        if not shortcode.is_end:
            author = shortcode.get("author", "source", "cite", "by") or (
                "" if shortcode.named else shortcode.text
            )
            self.open_quotes.append((shortcode.name, author.strip("\"' ")))
            return ""
        if not self.open_quotes or shortcode.name not in {"", self.open_quotes[-1][0]}:
            return ""
        return paragraph_of(self.open_quotes.pop()[1])

    def line_start(self, position: int) -> str:
        return self.body[max(0, position - MAX_LINE_START_CHARS) : position].rpartition("\n")[2]

    def indent_of(self, match: re.Match[str]) -> str | None:
        """Return what stands before a tag on its line, white space and marks of quotations; None if text does."""
        line_start = self.line_start(match.start())
        return None if line_start.strip(" \t>") or len(line_start) == MAX_LINE_START_CHARS else line_start

    def ends_line(self, position: int) -> bool:
        return not self.body[position : position + MAX_LINE_START_CHARS].partition("\n")[0].strip()

    def is_in_url(self, match: re.Match[str]) -> bool:
        """Return whether a tag stands in the target of a link or in the value of an attribute."""
        line_start = self.line_start(match.start())
        word = line_start.rpartition(" ")[2]
        _, in_link, target = word.rpartition("](")
        return (
            (bool(in_link) and ")" not in target) or _in_attribute(word) or bool(DEFINITION.match(line_start))
        )


def _in_attribute(word: str) -> bool:
    _, equals, value = word.rpartition("=")
    return bool(equals) and value[:1] in {'"', "'"} and value.count(value[0]) == 1


@cache
def _end_tag(name: str) -> re.Pattern[str]:
    escaped = re.escape(name)
    return re.compile(
        rf"\{{%-?\s*+(?:end{escaped}|end)\s*+-?%\}}|\{{\{{[<%]\s*+/\s*+{escaped}\s*+[>%]\}}\}}", re.IGNORECASE
    )


def _title_in_comment(comment: str) -> str | None:
    """Return the title that a comment gives a tab or an entry of a timeline, as HTML; None if it gives none."""
    tab = TAB_COMMENT.fullmatch(comment)
    if tab is None:
        return None
    return heading_of(tab["title"]) if tab["entry"] else paragraph_of(tab["title"].partition("@")[0])
