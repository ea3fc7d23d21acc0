"""What Obsidian adds to Markdown: links and embeds in `[[…]]`, `==marks==`, `%%comments%%`, ids of blocks, callouts."""

import re
from html import escape

from markdown_it.common.utils import normalizeReference
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

from posts.html.code_regions import CODE_START, CodeRegions

# not what programs and other dialects write: `[[ -f x ]]`, `[[1]](url)`, `[[text][label]]`, `[[Bug #1]]`
WIKI_LINK = re.compile(
    r"(?P<embed>!?)\[\[(?P<target>(?! )(?:[^\[\]|\n ]++| (?!#))++)?(?:\|(?P<alias>[^\[\]\n]*+))?\]\](?![(\[])"
)
IMAGE_FILE = re.compile(r"\.(?:png|jpe?g|gif|webp|svg|bmp|avif|tiff?|heic)\Z", re.IGNORECASE)
IMAGE_SIZE = re.compile(r"\s*\d+(?:\s*x\s*\d+)?\s*|")
TABLE_OF_CONTENTS = re.compile(r"\s*(?:\[\[_?toc_?\]\]|\[toc\])\s*", re.IGNORECASE)
MARK = re.compile(r"(?<![0-9A-Za-z=])==(?=[^\s=])(?P<text>(?:[^=\n]++|=(?!=))++)(?<=\S)==(?![0-9A-Za-z=])")
BLOCK_ID = re.compile(r"\^[0-9A-Za-z-]*[0-9A-Za-z][0-9A-Za-z-]*+[ \t]*+(?=\n|\Z)")
COMMENT_OR_CODE = re.compile(
    rf"{CODE_START}|(?<![\w%])(?P<hidden>%%)(?!%)|(?P<kramdown>\{{::comment\}})", re.MULTILINE | re.IGNORECASE
)
COMMENT_END, KRAMDOWN_COMMENT_END = re.compile(r"%%(?!%)"), re.compile(r"\{:/(?:comment)?\}")
CALLOUT = re.compile(r"\[![\w|/ -]+\][+-]?[ \t]*")


def strip_comments(body: str) -> str:
    """Return the body without its comments, in a line or over several: `%%…%%`, and `{::comment}` of kramdown."""
    if "%%" not in body and "{::comment}" not in body:
        return body
    regions, pieces = CodeRegions(body), list[str]()
    copied = position = 0
    while match := COMMENT_OR_CODE.search(body, position):
        position = match.end()
        if match["hidden"] or match["kramdown"]:
            end_pattern = COMMENT_END if match["hidden"] else KRAMDOWN_COMMENT_END
            end = regions.find(end_pattern, match.end(), len(body))
            if end:
                pieces.append(body[copied : match.start()])
                copied = position = end.end()
        else:
            position = regions.end_of(match) or position
    return "".join([*pieces, body[copied:]])


def wiki_link(state: StateInline, *, silent: bool) -> bool:
    """Parse a link or an embed that begins here: its text, a picture, or nothing for what is embedded."""
    link = WIKI_LINK.match(state.src, state.pos)
    if link is None or not (link["target"] or link["alias"]) or _is_defined(state, link):
        return False
    if not silent:
        _push_wiki_link(state, link)
    state.pos = link.end()
    return True


def _push_wiki_link(state: StateInline, link: re.Match[str]) -> None:
    target, alias = (link["target"] or "").rstrip("\\ "), (link["alias"] or "").strip()
    if link["embed"]:
        state.push("html_inline", "", 0).content = _embed(target, alias)
    elif alias:
        _parse_within(state, "span", *link.span("alias"))
    else:
        state.push("text", "", 0).content = _link_text(target)


def _parse_within(state: StateInline, tag: str, start: int, end: int) -> None:
    """Parse a part of the text as the content of an element."""
    maximum = state.posMax
    state.push(f"{tag}_open", tag, 1)
    state.pos, state.posMax = start, end
    state.md.inline.tokenize(state)
    state.push(f"{tag}_close", tag, -1)
    state.posMax = maximum


def _is_defined(state: StateInline, link: re.Match[str]) -> bool:
    """Return whether the inner brackets are a link of Markdown: `[[text]]` with a definition `[text]: url`."""
    label = normalizeReference(link[0].lstrip("!").strip("[]"))
    return label in state.env.get("references", {})


def _embed(target: str, alias: str) -> str:
    file = target.partition("#")[0]
    if not IMAGE_FILE.search(file):
        return ""
    alt = "" if IMAGE_SIZE.fullmatch(alias) else alias
    return f'<img src="{escape(file)}" alt="{escape(alt)}">'


def _link_text(target: str) -> str:
    """Return the text of a link without one: the note and the heading in it, as Obsidian shows them."""
    note, *headings = target.split("#")
    return " > ".join(part.strip() for part in (note, *headings) if part.strip() and not part.startswith("^"))


def table_of_contents(state: StateInline, *, silent: bool) -> bool:
    """Skip a paragraph that only marks where the table of contents is: `[TOC]`."""
    if state.pos or silent or not TABLE_OF_CONTENTS.fullmatch(state.src):
        return False
    state.pos = state.posMax
    return True


def mark(state: StateInline, *, silent: bool) -> bool:
    """Parse marked text that begins here."""
    marked = MARK.match(state.src, state.pos, state.posMax)
    if marked is None:
        return False
    if not silent:
        _parse_within(state, "mark", *marked.span("text"))
    state.pos = marked.end()
    return True


def block_id(state: StateInline, *, silent: bool) -> bool:
    """Skip the id of a block at the end of a line."""
    found = BLOCK_ID.match(state.src, state.pos)
    if silent or found is None or state.src[max(0, state.pos - 1) : state.pos].strip():
        return False
    state.pos = found.end()
    return True


def split_callouts(state: StateCore) -> None:
    """Make a paragraph of the title of each quotation that begins with `[!note] title`, and remove its mark."""
    tokens: list[Token] = []
    for index, token in enumerate(state.tokens):
        tokens.append(token)
        if token.type != "inline" or not token.content.startswith("[!") or index < 2:  # noqa: PLR2004
            continue
        callout = CALLOUT.match(token.content) if state.tokens[index - 2].type == "blockquote_open" else None
        if callout is None:
            continue
        title, _, text = token.content[callout.end() :].partition("\n")
        token.content = title if title.strip() else text
        if title.strip() and text.strip():
            paragraph = [
                Token("paragraph_close", "p", -1),
                Token("paragraph_open", "p", 1),
                Token("inline", "", 0),
            ]
            paragraph[2].content, paragraph[2].children = text, []
            for each in paragraph:
                each.block, each.level, each.map = True, token.level, token.map
            tokens += paragraph
    state.tokens = tokens
