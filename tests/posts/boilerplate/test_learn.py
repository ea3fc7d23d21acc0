"""Which recurring texts of a source are learned as boilerplate, and which are not."""

from datetime import UTC, datetime, timedelta

import pytest

from posts.boilerplate.edges import is_site_notice
from posts.boilerplate.events import edition_of
from posts.boilerplate.learn import Pattern, TrainingSample, learn, min_support, to_training_blocks
from posts.boilerplate.ngrams import mask_digits, shared_runs, text_weight
from posts.boilerplate.template import EDGE_BLOCK, INNER_BLOCK, SIGNATURE, TEXT_RUN, Template
from posts.html.blocks import Block
from posts.text.whitespace import alphanumeric_key

RECURRING_TEXT = "请记得按时收看旧港夜话，我们明晚见。"


def unique_sentence(number):
    """Return a sentence that shares no twelve characters with another one."""
    return "".join(chr(0x4E00 + (number * 997 + 131 * index) % 20_000) for index in range(30)) + "。"


def sample_fields(number, edition=""):
    return "harbour", f"第{number}夜", datetime(2024, 3, 5, tzinfo=UTC) + timedelta(days=number), edition


def flat_sample(number, text):
    return TrainingSample(
        *sample_fields(number), to_training_blocks([Block(text, None, "div", "")]), is_flat=True
    )


def page_sample(number, *texts, element="p", signature="", edition=""):
    blocks = [Block(text, None, element, signature) for text in texts]
    return TrainingSample(*sample_fields(number, edition), to_training_blocks(blocks), is_flat=False)


@pytest.mark.parametrize(("posts", "expected"), [(8, 3), (300, 3), (301, 4), (1_200, 12), (100_000, 12)])
def test_one_post_in_a_hundred_is_enough_and_twelve_always_are(posts, expected):
    assert min_support(posts) == expected


def test_a_run_is_told_to_the_character_though_it_is_glued_to_other_text():
    texts = [unique_sentence(number) + RECURRING_TEXT for number in range(10)]
    assert shared_runs(texts, 3) == {RECURRING_TEXT: 10}


def test_numbers_within_a_run_do_not_part_it():
    patterns = learn(
        [
            flat_sample(number, f"{unique_sentence(number)}第{number + 100}期节目由海边电台赞助播出")
            for number in range(10)
        ]
    )
    assert [(each.kind, each.pattern) for each in patterns] == [(TEXT_RUN, "第000期节目由海边电台赞助播出")]


def test_bodies_that_are_the_same_count_once():
    assert learn([flat_sample(0, unique_sentence(0)) for _ in range(1_000)]) == []


def test_one_body_under_many_titles_is_what_a_channel_says_of_itself():
    assert learn([flat_sample(number, RECURRING_TEXT) for number in range(9)]) == [
        Pattern(TEXT_RUN, RECURRING_TEXT, 9)
    ]


def test_a_block_at_the_end_of_many_pages_is_boilerplate():
    patterns = learn(
        [
            page_sample(number, unique_sentence(2 * number), unique_sentence(2 * number + 1), "返回旧港首页")
            for number in range(20)
        ]
    )
    assert patterns == [Pattern(EDGE_BLOCK, "返回旧港首页", 20)]


@pytest.mark.parametrize("words", ["未完待续", "参考资料", "第三章", "注释", "1", "The End"])
def test_what_authors_write_again_and_again_is_theirs(words):
    assert (
        learn(
            [
                page_sample(number, unique_sentence(2 * number), unique_sentence(2 * number + 1), words)
                for number in range(20)
            ]
        )
        == []
    )


def test_a_quotation_amid_the_text_of_a_few_is_no_boilerplate():
    middle_blocks = [unique_sentence(1_000 + index) for index in range(12)]
    pages = [page_sample(number, unique_sentence(4 * number), *middle_blocks[: 4 + number % 2], "短引文", unique_sentence(4 * number + 1), *[unique_sentence(4 * number + 2)] * 9) for number in range(20)]  # fmt: skip
    assert all(each.pattern != alphanumeric_key("短引文") for each in learn(pages))


def test_markup_that_holds_nothing_but_boilerplate_is_told_by_its_signature():
    pages = [
        TrainingSample(
            *sample_fields(number),
            [(unique_sentence(2 * number), "p", "", False), (unique_sentence(2 * number + 1), "p", "", False)]
            + [(f"推广{index}{unique_sentence(number)}", "li", "ul.xq-9", number > 0) for index in range(3)],
            is_flat=False,
        )
        for number in range(40)
    ]
    assert [(each.kind, each.pattern) for each in learn(pages)] == [(SIGNATURE, "ul.xq-9")]


def test_a_template_covers_what_it_knows_and_says_where():
    template = Template.from_patterns(3, [(TEXT_RUN, mask_digits(RECURRING_TEXT)), (EDGE_BLOCK, "首页")])
    text = unique_sentence(1) + RECURRING_TEXT
    assert template.matches(text) == [(len(text) - len(RECURRING_TEXT), len(text))]
    assert list(template.patterns) == [(TEXT_RUN, RECURRING_TEXT), (EDGE_BLOCK, "首页")]


def removed_texts(template, *blocks):
    """Return the texts that a template removes from blocks of (text, element)."""
    html_blocks = [Block(text, None, element, "") for text, element in blocks]
    return [block.text for block, _ in template.recurring_blocks(html_blocks, None)]


@pytest.mark.parametrize("element", ["pre", "h2", "h5", "tr", "td", "th"])
def test_nothing_learned_cuts_code_headings_or_tables(element):
    template = Template.from_patterns(1, [(EDGE_BLOCK, "首页"), (INNER_BLOCK, "首页"), (SIGNATURE, "x")])
    blocks = [Block(unique_sentence(1), None, "p", ""), Block("首页", None, element, "x")]
    assert list(template.recurring_blocks(blocks, None)) == []
    assert (
        learn([page_sample(number, unique_sentence(number), "首页", element=element) for number in range(20)])
        == []
    )


def test_a_block_of_the_edge_stays_amid_the_text():
    template = Template.from_patterns(1, [(EDGE_BLOCK, "首页"), (EDGE_BLOCK, "返回")])
    assert removed_texts(
        template,
        (unique_sentence(1), "p"),
        ("首页", "p"),
        (unique_sentence(2), "p"),
        ("返回", "p"),
        ("首页", "p"),
    ) == [
        "返回",
        "首页",
    ]


def test_what_is_led_in_to_stays():
    sentence = "请在岸上的登记处出示证件，并在下午六点以前离开北边的码头。"
    template = Template.from_patterns(1, [(INNER_BLOCK, alphanumeric_key(sentence))])
    assert removed_texts(template, (unique_sentence(1), "p"), (sentence, "p"), (unique_sentence(2), "p")) == [
        sentence
    ]
    assert removed_texts(template, ("告示说：", "p"), (sentence, "p"), (unique_sentence(2), "p")) == []


def pages_with(sentence, with_sentence, total, blocks_before=2):
    """Return pages; the first ones contain a sentence between their own blocks."""
    return [
        page_sample(number, *(unique_sentence(10 * number + index) for index in range(blocks_before)), *([sentence] if number < with_sentence else []), *(unique_sentence(10 * number + index) for index in range(5, 8)))
        for number in range(total)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("with_sentence", "total", "kinds"),
    [(3, 40, []), (7, 40, []), (8, 40, [INNER_BLOCK]), (8, 200, []), (10, 200, [INNER_BLOCK])],
)
def test_amid_a_text_eight_posts_and_a_twentieth_of_the_source_are_needed(with_sentence, total, kinds):
    sentence = "各位乘客请在岸上的登记处出示证件，并在下午六点以前离开北边的码头。"
    assert [each.kind for each in learn(pages_with(sentence, with_sentence, total))] == kinds


@pytest.mark.parametrize("words", ["To update the harbour register, run:", "The tide was low that day."])
def test_what_leads_in_and_what_is_a_phrase_recur_rightly(words):
    assert learn(pages_with(words, 30, 40)) == []


def test_digits_that_differ_are_facts():
    tails = [
        f"港口今天有{number}艘船出海捕鱼，另有{number + 1}艘留在港里，渔民说天气不好。"
        for number in range(20)
    ]
    assert (
        learn(
            [
                page_sample(
                    number, unique_sentence(2 * number), unique_sentence(2 * number + 1), tails[number]
                )
                for number in range(20)
            ]
        )
        == []
    )


def test_the_first_sentence_of_a_series_is_its_own():
    first_sentence = "本文是港口系列报道的一篇，记者用三个月走访了沿海的每一个渔村和每一座灯塔。"
    pages = [page_sample(number, *([first_sentence] if number < 12 else []), *(unique_sentence(5 * number + index) for index in range(3))) for number in range(60)]  # fmt: skip
    assert learn(pages) == []


def test_a_plea_at_the_end_of_a_few_posts_is_boilerplate():
    plea = "欢迎订阅我们的电子报，每周五寄到您的信箱。"
    pages = [page_sample(number, *(unique_sentence(5 * number + index) for index in range(3)), *([plea] if number % 15 == 0 else [])) for number in range(60)]  # fmt: skip
    assert learn(pages) == [Pattern(EDGE_BLOCK, alphanumeric_key(plea), 4)]


def test_paragraphs_of_a_source_of_articles_are_no_descriptions():
    pages = [
        page_sample(number, *(unique_sentence(5 * number + index) for index in range(3)))
        for number in range(40)
    ]
    short = [
        flat_sample(100 + number, f"海边电台月刊第{number + 10}期已经出版，请各位读者查收。")
        for number in range(20)
    ]
    assert learn([*pages, *short]) == []


def test_latin_is_counted_in_words():
    assert (text_weight("harbour lights at dawn"), text_weight("港口的灯"), text_weight("港口 lights")) == (
        8,
        4,
        4,
    )


def test_what_an_older_postlake_learned_otherwise_is_passed_by():
    assert list(
        Template.from_patterns(
            1, [("block", "首页"), ("signature", "ul.x"), (TEXT_RUN, RECURRING_TEXT)]
        ).patterns
    ) == [(TEXT_RUN, RECURRING_TEXT)]


def test_what_asks_near_the_end_is_left_out_though_a_line_of_its_own_follows():
    plea = "欢迎订阅我们的电子报，每周五寄到您的信箱。"
    pages = [
        page_sample(number, *(unique_sentence(20 * number + index) for index in range(12)), *([plea] if number % 15 == 0 else []), unique_sentence(20 * number + 13))
        for number in range(60)
    ]  # fmt: skip
    assert learn(pages) == [Pattern(EDGE_BLOCK, alphanumeric_key(plea), 4)]
    template = Template.from_patterns(1, [(EDGE_BLOCK, alphanumeric_key(plea))])
    assert removed_texts(
        template,
        *((unique_sentence(index), "p") for index in range(12)),
        (plea, "p"),
        (unique_sentence(13), "p"),
    ) == [plea]
    assert removed_texts(template, *((unique_sentence(index), "p") for index in range(4)), (plea, "p"), *((unique_sentence(index), "p") for index in range(5, 15))) == []  # fmt: skip


@pytest.mark.parametrize(
    ("nights", "languages", "kinds"),
    [
        ((20, 21, 22, 24), "ko ja de vi", []),
        ((20, 21, 22, 24), "ko ko ko ko", [EDGE_BLOCK]),
        ((20, 120, 220, 320), "ko ja de vi", [EDGE_BLOCK]),
    ],
)
def test_what_stands_in_each_translation_of_one_post_is_its_own(nights, languages, kinds):
    download = "收听地址：https://downloads.harbour.example/nights/193"
    edition = dict(zip(nights, languages.split(), strict=True))
    pages = [page_sample(number, *(unique_sentence(5 * number + index) for index in range(3)), *([download] if number in edition else []), edition=edition.get(number, "")) for number in range(1_000)]  # fmt: skip
    assert [each.kind for each in learn(pages)] == kinds


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("ko/news/_posts/2021-01-01-hello.md", "ko/news/"),
        ("_posts/2021-01-01-hello.md", "/"),
        ("archived/2021-01-02/2021-01-01-hello.md", "/"),
        ("post/hello/index.md", "post/"),
        ("post/hello/index.zh-cn.md", "post/zh-cn"),
        ("post/hello.zh.md", "post/zh"),
        ("post/v1.9.3-p0.md", "post/"),
        ("index.md", "/"),
    ],
)
def test_translations_differ_in_folder_or_in_the_end_of_the_name(path, expected):
    assert edition_of(path) == expected


def test_the_address_of_a_file_to_download_asks_nothing():
    assert [is_site_notice(text) for text in ("https://harbour.example/a/lamp-1.9.tar.bz2", "网站：https://harbour.example/night.html")] == [False, True]  # fmt: skip


def test_the_heading_of_a_part_that_recurs_in_a_programme_stays():
    pages = [
        page_sample(
            number,
            "60秒看世界",
            unique_sentence(number),
            unique_sentence(number + 100),
            "本周人物",
            "国内联播快讯",
        )
        for number in range(20)
    ]
    template = Template.from_patterns(1, [(each.kind, each.pattern) for each in learn(pages)])
    texts = "60秒看世界", unique_sentence(200), "明日天气预报", "国内联播快讯"
    assert removed_texts(template, *((text, "p") for text in texts)) == []


def test_an_item_that_recurs_in_a_list_of_other_items_stays():
    pages = [
        page_sample(
            number, unique_sentence(number), unique_sentence(number + 100), RECURRING_TEXT, element="li"
        )
        for number in range(20)
    ]
    assert learn(pages) == []
    template = Template(1, edges=frozenset({alphanumeric_key(RECURRING_TEXT)}))
    items = [Block(text, None, "li", "") for text in (unique_sentence(200), RECURRING_TEXT)]
    assert list(template.recurring_blocks(items, None)) == []


def test_a_list_of_which_all_items_recur_is_boilerplate():
    notices = "请记得按时收看旧港夜话，我们明晚见。", "旧港夜话每周五晚上八点在海边电台播出。"
    pages = [
        TrainingSample(
            *sample_fields(number),
            to_training_blocks(
                [
                    Block(unique_sentence(number), None, "p", ""),
                    *(Block(notice, None, "li", "") for notice in notices),
                ]
            ),
            is_flat=False,
        )
        for number in range(20)
    ]
    assert {each.pattern for each in learn(pages)} == set(map(alphanumeric_key, notices))
