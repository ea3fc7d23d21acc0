"""What recurs over the posts of a source, and what only seems to."""

import pytest

from posts.content import Block
from posts.learning import Pattern, Specimen, learn, least_of
from posts.recurring import leveled, named, runs
from posts.templates import BLOCK, RUN, SIGNATURE, Template

TAIL = "请记得按时收看旧港夜话，我们明晚见。"


def own(number):
    """Give a sentence of which no twelve characters recur."""
    return "".join(chr(0x4E00 + (number * 997 + 131 * at) % 20_000) for at in range(30)) + "。"


def flat(number, text):
    return Specimen.of("harbour", f"第{number}夜", [Block(text, None, "div", "")], is_flat=True)


def page(number, *texts, element="p", signature=""):
    blocks = [Block(text, None, element, signature) for text in texts]
    return Specimen.of("harbour", f"第{number}夜", blocks, is_flat=False)


@pytest.mark.parametrize(("posts", "least"), [(8, 3), (300, 3), (301, 4), (1_200, 12), (100_000, 12)])
def test_one_post_in_a_hundred_is_enough_and_twelve_always_are(posts, least):
    assert least_of(posts) == least


def test_a_run_is_told_to_the_character_though_it_is_glued_to_other_text():
    texts = [own(number) + TAIL for number in range(10)]
    assert runs(texts, 3) == {TAIL: 10}


def test_numbers_within_a_run_do_not_part_it():
    found = learn(
        [flat(number, f"{own(number)}第{number + 100}期节目由海边电台赞助播出") for number in range(10)]
    )
    assert [(each.kind, each.pattern) for each in found] == [(RUN, "第000期节目由海边电台赞助播出")]


def test_bodies_that_are_the_same_count_once():
    assert learn([flat(0, own(0)) for _ in range(1_000)]) == []


def test_one_body_under_many_titles_is_what_a_channel_says_of_itself():
    assert learn([flat(number, TAIL) for number in range(9)]) == [Pattern(RUN, TAIL, 9)]


def test_a_block_at_the_end_of_many_pages_is_boilerplate():
    found = learn(
        [page(number, own(2 * number), own(2 * number + 1), "返回旧港首页") for number in range(20)]
    )
    assert found == [Pattern(BLOCK, "返回旧港首页", 20)]


@pytest.mark.parametrize("words", ["未完待续", "参考资料", "第三章", "注释", "1", "The End"])
def test_what_authors_write_again_and_again_is_theirs(words):
    assert learn([page(number, own(2 * number), own(2 * number + 1), words) for number in range(20)]) == []


def test_a_quotation_amid_the_text_of_a_few_is_no_boilerplate():
    middle = [own(1_000 + at) for at in range(12)]
    pages = [page(number, own(4 * number), *middle[: 4 + number % 2], "短引文", own(4 * number + 1), *[own(4 * number + 2)] * 9) for number in range(20)]  # fmt: skip
    assert all(each.pattern != named("短引文") for each in learn(pages))


def test_markup_that_holds_nothing_but_boilerplate_is_told_by_its_signature():
    pages = [
        Specimen(
            "harbour",
            f"第{number}夜",
            [(own(2 * number), "p", "", False), (own(2 * number + 1), "p", "", False)]
            + [(f"推广{at}{own(number)}", "li", "ul.xq-9", number > 0) for at in range(3)],
            is_flat=False,
        )
        for number in range(40)
    ]
    assert [(each.kind, each.pattern) for each in learn(pages)] == [(SIGNATURE, "ul.xq-9")]


def test_a_template_covers_what_it_knows_and_says_where():
    template = Template.of(3, [(RUN, leveled(TAIL)), (BLOCK, "首页")])
    text = own(1) + TAIL
    assert template.covered(text) == [(len(text) - len(TAIL), len(text))]
    assert list(template.patterns) == [(RUN, TAIL), (BLOCK, "首页")]


def test_a_heading_that_recurs_stays_above_text_of_the_posts_own():
    template = Template.of(1, [(BLOCK, "写在最后"), (BLOCK, "首页")])
    blocks = [Block(text, None, element, "") for text, element in
              [("写在最后", "h2"), (own(1), "p"), ("写在最后", "h2"), ("首页", "p")]]  # fmt: skip
    left_out = [id(block) for block, _ in template.recurring(blocks, None)]
    assert left_out == [id(blocks[3]), id(blocks[2])]
