"""Join the sentences that a pop-up in them has torn: HTML ends a paragraph where a block begins within it."""

from itertools import groupby, zip_longest

from posts.html.blocks import Block, Content

POPUP_RULE = "glossary_popup"
SENTENCE_ENDS = "。！？.!?…”」』：:;；"
# a longer text explains the word
MAX_TERM_CHARS = 20
# no sentence is longer; a hostile text could have a pop-up after each word
MAX_SENTENCE_CHARS = 2_000


def join_torn_sentences(content: Content) -> None:
    """Join the texts before and after each pop-up, with the word that it explains; keep what is no pop-up."""
    if not any(block.rule == POPUP_RULE for block in content.blocks):
        return
    runs = [list(run) for _, run in groupby(content.blocks, lambda block: block.rule == POPUP_RULE)]
    content.blocks = []
    joined: dict[int, Block] = {}
    sentence, is_torn = None, False
    for run, following in zip_longest(runs, runs[1:]):
        if run[0].rule != POPUP_RULE:
            others = run[1:] if is_torn else run
            sentence = others[-1] if others else sentence
            content.blocks += others
        elif is_torn := sentence is not None and following is not None and _goes_on(sentence, following[0]):
            term = _term(run)
            _join(sentence, term, following[0])
            joined[id(following[0])] = sentence
            content.blocks += run[1:] if term else run
        else:
            for block in run:
                block.rule = None
            content.blocks += run
    _move_links(content, joined)


def _goes_on(before: Block, after: Block) -> bool:
    """Return whether a paragraph has no end, and a text without a paragraph of its own goes on."""
    if len(before.text) > MAX_SENTENCE_CHARS:
        return False
    is_open = before.rule is None and before.element == "p" and before.text[-1] not in SENTENCE_ENDS
    return is_open and after.rule is None and after.element not in {"p", "li", "td", "pre", "tr"}


def _term(popup: list[Block]) -> str:
    return popup[0].text if len(popup[0].text) <= MAX_TERM_CHARS else ""


def _join(before: Block, term: str, after: Block) -> None:
    for piece in filter(None, (term, after.text)):
        is_word = before.text[-1:].isascii() and piece[:1].isascii() and piece[:1].isalnum()
        before.text += f" {piece}" if is_word else piece
    before.hrefs = [*before.hrefs, *after.hrefs]
    before.linked_chars += after.linked_chars


def _move_links(content: Content, joined: dict[int, Block]) -> None:
    """Move the links and images of blocks that were joined to another block, given by the id of the block."""
    for link in content.all_links if joined else ():
        link.blocks = [joined.get(id(block), block) for block in link.blocks]
    for image in content.all_images if joined else ():
        image.block = joined.get(id(image.block), image.block)
