"""Class names and ids: those of articles match no rule, those of page chrome do."""

from pathlib import Path

import pytest

from posts.html.elements import element_names, element_rule

FOLDER = Path(__file__).parent


def rows(name):
    return [line.split("\t") for line in (FOLDER / name).read_text("utf-8").splitlines()]


def rule(tag, **attributes):
    attributes = {"class" if key == "class_" else key: value for key, value in attributes.items()}
    return element_rule(tag, attributes, element_names(attributes))


@pytest.mark.parametrize(("system", "names"), rows("article_names.tsv"))
def test_a_class_of_an_article_condemns_nothing(system, names):
    assert (system, rule("div", class_=names)) == (system, None)


@pytest.mark.parametrize(("system", "name"), rows("article_ids.tsv"))
def test_an_id_of_an_article_condemns_nothing(system, name):
    assert (system, rule("div", id=name)) == (system, None)


@pytest.mark.parametrize(
    "name", ["tools", "license", "related", "series", "share", "support", "comments", "tags"]
)
@pytest.mark.parametrize("tag", ["h1", "h2", "h6", "section"])
def test_an_id_condemns_no_heading_and_no_section_alone(tag, name):
    assert rule(tag, id=name) is None
    assert rule("div", id=name) is not None


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ("node node-teaser", "related_element"),
        ("promoted-content", "promotion_element"),
        ("nyk-paywall", "promotion_element"),
        ("article-barrier", "promotion_element"),
        ("site-newsletter", "promotion_element"),
        ("cookie-banner", "footer_element"),
        ("post-tags", "tags_element"),
        ("category-list", "byline_element"),
        ("topic-link", "related_element"),
        ("ez-toc-container", "navigation_element"),
        ("tag-newsletter", None),
        ("has-paywall", None),
        ("cookie-recipe", None),
        ("ez-toc-section", None),
        ("reef-barrier-reef", None),
        ("css-ow3j0s-VisuallyHiddenText e1yt7oin0", "hidden_element"),
        ("VisuallyHiddenText-sc-1yjwwa5-0 ldFJPH", "hidden_element"),
        ("StyledTimestamp-um718p-0 iENDai", "byline_element"),
        ("css-chb3zw-BulletedListItem e1drcs2w1", None),
        ("Paragraph-k859h4-0 bWtIRA", None),
        ("off-screen", "hidden_element"),
    ],
)
def test_whole_tokens_mean_chrome(names, expected):
    assert rule("div", class_=names) == expected
