"""The directives of Markdown: `:::tip[Title]` boxes, `::youtube{id="a"}` alone on a line, `:abbr[HTML]{title="x"}`.

With those of the Hexo theme Shoka: `+++info Title` and `;;;id Title` begin boxes too. `[text]{.red}` is a span.

https://docusaurus.io/docs/markdown-features/admonitions https://github.com/remarkjs/remark-directive
https://vitepress.dev/guide/markdown#custom-containers
"""

import re

from markdown_it.common.utils import normalizeReference
from markdown_it.rules_block import StateBlock
from markdown_it.rules_inline import StateInline

ATTRIBUTE = r"[.#][\w:.-]+|[\w:.-]+=(?:\"[^\"\n]*+\"|'[^'\n]*+'|[^\s\"'{}]++)"
_ATTRIBUTES = rf"\{{\s*+(?:(?:{ATTRIBUTE}|open)\s*+){{0,20}}+\}}"
_LABEL = r"\[(?P<label>(?:\\[^\n]|[^\[\]\\\n]|\[[^\[\]\n]*+\])*+)\]"
CONTAINER = re.compile(
    rf":{{3,}}[ \t]*(?:(?P<kind>\{{[^}}\n]*\}}|[A-Za-z][\w-]*)(?:{_LABEL})?"
    rf"(?P<title>[^\n]*?)(?P<attributes>{_ATTRIBUTES})?)?"
)
LEAF = re.compile(rf"::[A-Za-z][\w-]*+(?:{_LABEL}(?:{_ATTRIBUTES})?|{_ATTRIBUTES})")
SHOKA = re.compile(
    r"(?:\+{3}(?:primary|info|success|warning|danger|default)?|;{3}[\w-]*+)(?:[ \t]+(?P<title>[^\n]+))?"
)
TEXT = re.compile(rf"(?P<name>:[A-Za-z][\w-]*+)?{_LABEL}(?(name)|(?!\{{\s*+\}})){_ATTRIBUTES}")
WITHIN_WORD = re.compile(r"[A-Za-z0-9_:]")
LAST_ENDS = "last_ends_of_boxes"
# words after the kind of a box that are no title of it
STYLES = frozenset({"no-icon"})
TITLE = re.compile(r"\btitle=(?:\"([^\"]*)\"|'([^']*)')")


def directive(state: StateBlock, start_line: int, _end_line: int, *, silent: bool) -> bool:
    """Parse a line that begins or ends a box, or is a directive itself; of either, only the title is text.

    The box is what the lines between are.
    """
    start, end = state.bMarks[start_line] + state.tShift[start_line], state.eMarks[start_line]
    if not state.src.startswith(("::", "+++", ";;;"), start) or state.is_code_block(start_line):
        return False
    text = state.src[start:end].rstrip()
    line = CONTAINER.fullmatch(text) or LEAF.fullmatch(text) or SHOKA.fullmatch(text)
    # the `+++` of a patch ends nowhere
    if line is None or (text[0] in "+;" and _last_end(state, text[:3]) < start):
        return False
    if silent:
        return True
    state.line = start_line + 1
    state.push("paragraph_open", "p", 1).map = [start_line, state.line]
    title = state.push("inline", "", 0)
    title.content, title.children, title.map = _title_of(line), [], [start_line, state.line]
    state.push("paragraph_close", "p", -1)
    return True


def _last_end(state: StateBlock, mark: str) -> int:
    """Return where the last line stands that is only this mark, -1 if there is none."""
    ends: dict[str, int] = state.env.setdefault(LAST_ENDS, {})
    if mark not in ends:
        lines = re.finditer(rf"^[ \t>]*+({re.escape(mark)})[ \t]*+$", state.src, re.MULTILINE)
        ends[mark] = max((line.start(1) for line in lines), default=-1)
    return ends[mark]


def _title_of(line: re.Match[str]) -> str:
    parts = line.groupdict()
    if title := parts.get("label") or (parts.get("title") or "").strip():
        return "" if title in STYLES else title
    attribute = TITLE.search(f"{parts.get('kind')} {parts.get('attributes')}")
    return (attribute[1] or attribute[2] or "") if attribute else ""


def text_directive(state: StateInline, *, silent: bool) -> bool:
    """Parse a directive within a line, or a span with attributes, as the text in its brackets."""
    found = TEXT.match(state.src, state.pos, state.posMax)
    if found is None or silent or WITHIN_WORD.match(state.src[max(0, state.pos - 1) : state.pos]):
        return False
    if not found["name"] and normalizeReference(found["label"]) in state.env.get("references", {}):
        return False
    whole_end = state.posMax
    state.pos, state.posMax = found.span("label")
    state.md.inline.tokenize(state)
    state.pos, state.posMax = found.end(), whole_end
    return True
