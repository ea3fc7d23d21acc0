"""The rules that extend CommonMark. A document without the characters of any is parsed without them."""

import re

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from mdit_py_plugins.admon.index import admonition

from posts.html.directives import ATTRIBUTE, directive, text_directive
from posts.html.footnotes import footnote_reference, footnotes_plugin, inline_note
from posts.html.formulas import dollar_formula, environment, formula_block, formulas_plugin, tex_formula
from posts.html.obsidian import block_id, mark, split_callouts, table_of_contents, wiki_link
from posts.html.tags import escape_html

# CommonMark ends an address at a space; file names of pictures have some
_IN_ADDRESS = r"(?:[^()\n<>\"]|\([^()\n<>\"]*+\))"
SPACED_IMAGE = re.compile(
    rf"!\[(?P<alt>[^\[\]\n]*+)\]\((?P<url>{_IN_ADDRESS}{{1,300}}?\.(?:png|jpe?g|gif|webp|svg|bmp|avif))"
    r"(?:[ ]+(?:\"[^\"\n]*\"|'[^'\n]*'))?[ ]*\)",
    re.IGNORECASE,
)
MAY_BE_EXTENDED = re.compile(
    r"\]\([^\n) ]++ [^\"'\n)]|[$^{]|==|\[[\[!tT]|:::|\+\+\+|;;;|!!!|\?\?\?|\\[(\[b]|[A-Za-z]~[0-9A-Za-z]"
)
# attribute lists of kramdown, `{: .class key="value"}`, and of others, `{#id .class}`; comments of MDX, `{/* #id */}`
ATTRIBUTE_LIST = re.compile(
    rf"\{{(?:[:]\s*+(?:(?:{ATTRIBUTE}|[\w-]+)\s*+){{1,20}}+|[.#][\w:.-]+\s*+(?:(?:{ATTRIBUTE})\s*+){{0,20}}+|:(?::|/)[^{{}}\n]{{0,300}}+|/\*(?:[^*]|\*(?!/)){{0,1000}}+\*/)\}}"
)
# only after a link, a picture or code
ATTRIBUTES_OF_SPAN = re.compile(rf"\{{\s*+(?:(?:{ATTRIBUTE})\s*+){{1,20}}+\}}")
SUBSCRIPT = re.compile(r"(?<=[A-Za-z)])~([0-9A-Za-z+-]{1,3})~(?!~)|(?<=[0-9A-Za-z)])\^([0-9A-Za-z+-]{1,4})\^")
ADMONITION = re.compile(
    r"(?:!!!|\?\?\?\+?)[ \t]+(?:note|abstract|summary|tldr|info|todo|tip|hint|important|success|check|done|question|help|faq"
    r"|warning|caution|attention|failure|fail|missing|danger|error|bug|example|quote|cite|seealso|admonition|details)"
    r"(?:[ \t]+[a-z]+)*(?:[ \t]+\"[^\n]*\")?[ \t]*",
    re.IGNORECASE,
)


def extensions_plugin(parser: MarkdownIt) -> None:
    """Add all rules."""
    formulas_plugin(parser)
    footnotes_plugin(parser)
    parser.block.ruler.before(
        "fence", "extension", _block_extension, {"alt": ["paragraph", "reference", "blockquote", "list"]}
    )
    parser.core.ruler.after("block", "titles", _untitle_admonitions)
    parser.core.ruler.after("block", "callouts", split_callouts)
    parser.inline.ruler.before("escape", "extension", _extension)


def _extension(state: StateInline, silent: bool) -> bool:  # noqa: FBT001 - the signature of markdown-it
    """Parse what begins with the next character, if it is one of an extension."""
    rules = RULES.get(state.src[state.pos])
    return rules is not None and any(rule(state, silent=silent) for rule in rules)


def _block_extension(state: StateBlock, start_line: int, end_line: int, silent: bool) -> bool:  # noqa: FBT001
    """Parse a block that begins with the first character of a line, if it is one of an extension."""
    start = state.bMarks[start_line] + state.tShift[start_line]
    rule = BLOCK_RULES.get(state.src[start : start + 1])
    return rule is not None and rule(state, start_line, end_line, silent=silent)


def _skip_attributes(state: StateInline, *, silent: bool) -> bool:
    found = ATTRIBUTE_LIST.match(state.src, state.pos)
    if found is None and state.src[max(0, state.pos - 1) : state.pos] in {")", "`", "]"}:
        found = ATTRIBUTES_OF_SPAN.match(state.src, state.pos)
    if found is None or silent:
        return False
    state.pos = found.end()
    return True


def _spaced_image(state: StateInline, *, silent: bool) -> bool:
    found = SPACED_IMAGE.match(state.src, state.pos)
    if found is None or silent or " " not in found["url"]:
        return False
    attributes = f'src="{escape_html(found["url"])}" alt="{escape_html(found["alt"])}"'
    state.push("html_inline", "", 0).content = f"<img {attributes}>"
    state.pos = found.end()
    return True


def _subscript(state: StateInline, *, silent: bool) -> bool:
    found = SUBSCRIPT.match(state.src, state.pos)
    if found is None or silent:
        return False
    state.push("text", "", 0).content = found[1] or found[2]
    state.pos = found.end()
    return True


def _admonition(state: StateBlock, start_line: int, end_line: int, *, silent: bool) -> bool:
    start, end = state.bMarks[start_line] + state.tShift[start_line], state.eMarks[start_line]
    if state.src[start : start + 3] not in {"!!!", "???"} or not ADMONITION.fullmatch(state.src, start, end):
        return False
    return admonition(state, start_line, end_line, silent)


def _untitle_admonitions(state: StateCore) -> None:
    """Remove the titles that an admonition takes from its kind: only those in quotation marks are written."""
    for opening, title in zip(state.tokens, state.tokens[2:], strict=False):
        if opening.type == "admonition_open" and title.type == "inline" and '"' not in opening.info:
            title.content = ""


RULES = {
    "$": (dollar_formula,),
    "\\": (tex_formula,),
    "[": (table_of_contents, wiki_link, footnote_reference, text_directive),
    "!": (wiki_link, _spaced_image),
    "=": (mark,),
    "^": (inline_note, block_id, _subscript),
    "~": (_subscript,),
    "{": (_skip_attributes,),
    ":": (text_directive,),
}
BLOCK_RULES = {
    "$": formula_block,
    "\\": environment,
    "!": _admonition,
    "?": _admonition,
    ":": directive,
    "+": directive,
    ";": directive,
}
