"""Join the sentences that a pop-up in them has torn: HTML ends a paragraph where a block begins within it."""

from itertools import groupby

from posts.html.blocks import Block, Content

POPUP_RULE = "glossary_popup"
SENTENCE_ENDS = "。！？.!?…”」』：:;；"
# a longer text explains the word
MAX_TERM_CHARS = 20


def join_torn_sentences(content: Content) -> None:
    """Join the texts before and after each pop-up, with the word that it explains; keep what is no pop-up."""
    if not any(block.rule == POPUP_RULE for block in content.blocks):
        return
    runs = [list(run) for _, run in groupby(content.blocks, lambda block: block.rule == POPUP_RULE)]
    content.blocks = []
    is_torn = False
    for index, run in enumerate(runs):
        if run[0].rule != POPUP_RULE:
            content.blocks += run[is_torn:]
            continue
        following = runs[index + 1] if index + 1 < len(runs) else []
        is_torn = bool(content.blocks and following) and _is_one_sentence(content.blocks[-1], following[0])
        if is_torn:
            term = _term(run)
            _join(content, content.blocks[-1], term, following[0])
            content.blocks += run[1:] if term else run
            continue
        for block in run:
            block.rule = None
        content.blocks += run


def _is_one_sentence(before: Block, after: Block) -> bool:
    """Return whether a paragraph has no end, and a text without a paragraph of its own goes on."""
    is_open = before.rule is None and before.element == "p" and before.text[-1] not in SENTENCE_ENDS
    return is_open and after.rule is None and after.element not in {"p", "li", "td", "pre", "tr"}


def _term(popup: list[Block]) -> str:
    return popup[0].text if len(popup[0].text) <= MAX_TERM_CHARS else ""


def _join(content: Content, before: Block, term: str, after: Block) -> None:
    pieces = [before.text, term, after.text]
    before.text = "".join(
        f" {piece}"
        if index and piece[:1].isascii() and piece[:1].isalnum() and pieces[index - 1][-1:].isascii()
        else piece
        for index, piece in enumerate(pieces)
    )
    before.hrefs = [*before.hrefs, *after.hrefs]
    before.linked_chars += after.linked_chars
    for link in content.all_links:
        link.blocks = [before if block is after else block for block in link.blocks]
    for image in content.all_images:
        image.block = before if image.block is after else image.block
