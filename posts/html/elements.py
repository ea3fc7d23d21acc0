"""Find the elements of a page that are not text of the post: rules about tag, role, style, class and id."""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

from posts.rules.elements import CLASS_RULES, PREFIXES, TAG_RULES

# their content is not text that a reader sees
SKIPPED_TAGS = frozenset(
    "head title script style template object embed svg canvas math-renderer map datalist param source track area".split()
)
# the only rules that apply in a code listing, where other class names are those of syntax highlighting
RULES_IN_CODE = frozenset({"line_numbers", "fallback_element", "hidden_element"})
CLASS_EXEMPT_TAGS = frozenset({"article", "main", "body", "html"})
NAME_ATTRIBUTES = ("class", "id", "data-e2e", "data-testid", "data-component")
# class names of the element that contains an article: its kind, its topics or its status in a list
ARTICLE_CLASSES = frozenset("node hentry h-entry gh-article post-full status-publish".split())
ARTICLE_STATUS_CLASSES = frozenset("promoted published sticky featured".split())
ARTICLE_KIND = re.compile(
    r"(?:node|post|type|tag|category|series|format|status|view-mode)-(?!(?:\S+-)?teaser)"
)
TOPIC_PREFIX = re.compile("(?:tag|category|type|topic)-")
RULES_IGNORING_TOPIC_PREFIX = frozenset({"tags_element", "byline_element", "related_element"})
# their ids are targets of links: `tools`, `series`, `license` are topics
ANCHOR_ID_TAGS = frozenset("h1 h2 h3 h4 h5 h6 section".split())
# the rule of `cite` below a picture
CITE_RULE = "credit_element"
# an inline element with such a name does not tear the sentence around it
POPUP_TAGS = frozenset({"div", "aside", "section", "dl"})
# no rule matches a longer name, and the patterns try each part of a name as a prefix
MAX_NAME_CHARS = 100
# 1,500 pages of news sites have 4,700 names, five of six times repeated ones
MAX_CACHED_NAMES = 10_000
CAMEL_BOUNDARY = re.compile("(?<=[a-z0-9])(?=[A-Z])")
DASHES = re.compile("[-_]+")
# names that libraries make of the name of a component and a hash: `css-ow3j0s-VisuallyHiddenText` (Emotion),
# `StyledTimestamp-sc-um718p-0` (styled-components)
COMPONENT_NAME = re.compile(
    r"(?<!\S)(?:css-[a-z0-9]{5,8}-_?(?:Styled)?([A-Z]\S{0,60})|_?(?:Styled)?([A-Z]\w{0,60})(?:-sc)?-[a-z0-9]{5,8}-\d{1,4})(?!\S)"
)
HIDDEN_STYLE = re.compile(r"(?:^|;)\s*(?:display\s*:\s*none|visibility\s*:\s*hidden)", re.IGNORECASE)


_CLASS_RULE_PATTERN = re.compile("|".join(f"(?P<{rule.name}>{rule.pattern})" for rule in CLASS_RULES))
DROP_CAP = re.compile(
    r"(?:[a-z0-9]+-)*drop-?cap\S*|first-?letter|initial-?(?:cap|letter)|lettrine|wp-dropcap"
)
FLOAT_LEFT = re.compile(r"(?:^|[;\s])float\s*:\s*left", re.IGNORECASE)
# at least twice the size of the surrounding text
LARGE_FONT = re.compile(
    r"(?:font-size|line-height)\s*:\s*(?:[3-9]\d|[1-9]\d\d)(?:\.\d+)?p[xt]|font-size\s*:\s*(?:[2-9](?:\.\d+)?r?em|[2-9]\d\d%)",
    re.IGNORECASE,
)
# text of the author that a site puts above the body: standfirst, abstract
STANDFIRST = re.compile(
    rf"{PREFIXES}(?:dek|deck|standfirst|stand-first|subtitle|sub-title|subhead(?:line|ing)?|sub-hed|lede|lead|leadin|lead-in|intro|introduction|excerpt|summary|abstract|description|desc|teaser-text|lead-text|strapline|tagline-post|chapo|daoyu|dao-du|art-?lead|article-?dek|post-description|blog-post-description)"
)


def element_rule(tag: str, attributes: Mapping[str, str], names: Sequence[str]) -> str | None:
    """Return the name of the rule that drops an element with its content; None to keep it.

    `names` are its class names and ids, see `element_names`.
    """
    role = attributes.get("role")
    for rule in TAG_RULES:
        if tag in rule.tags or role in rule.roles:
            return rule.name
    return _class_rule(tag, attributes, names) if attributes and tag not in CLASS_EXEMPT_TAGS else None


def _class_rule(tag: str, attributes: Mapping[str, str], names: Sequence[str]) -> str | None:
    if "hidden" in attributes or HIDDEN_STYLE.search(attributes.get("style", "")):
        return "hidden_element"
    if tag in ANCHOR_ID_TAGS and "id" in attributes:
        names = element_names({key: value for key, value in attributes.items() if key != "id"})
    for name in names if ARTICLE_CLASSES.isdisjoint(names) else _without_kind_names(names):
        rule = _rule_of_name(name)
        if not rule or (rule == "title_element" and tag != "h1"):
            continue
        if rule == "glossary_popup" and tag not in POPUP_TAGS:
            continue
        if rule in RULES_IGNORING_TOPIC_PREFIX or not TOPIC_PREFIX.match(name):
            return rule
    return None


@lru_cache(maxsize=MAX_CACHED_NAMES)
def _rule_of_name(name: str) -> str | None:
    match = _CLASS_RULE_PATTERN.fullmatch(name)
    return match and match.lastgroup


def _without_kind_names(names: Sequence[str]) -> list[str]:
    """Return the names of an article's element, without those that describe the kind of the article."""
    kind_names = ARTICLE_STATUS_CLASSES.union(
        name.removeprefix("type-") for name in names if name.startswith("type-")
    )
    return [name for name in names if name not in kind_names and not ARTICLE_KIND.match(name)]


def is_standfirst(names: Sequence[str]) -> bool:
    return any(STANDFIRST.fullmatch(name) for name in names)


def has_drop_cap_name(names: Sequence[str]) -> bool:
    """Return whether a class name is that of a drop cap. White space after it does not separate words."""
    return any(DROP_CAP.fullmatch(name) for name in names)


def has_drop_cap_style(attributes: Mapping[str, str]) -> bool:
    """Return whether the style of an element is that of a drop cap."""
    style = attributes.get("style", "")
    return "float" in style and FLOAT_LEFT.search(style) is not None and LARGE_FONT.search(style) is not None


def element_names(attributes: Mapping[str, str]) -> list[str]:
    """Return the class names and ids of an element as rules match them: in lower case, with single hyphens.

    A name in camel case is returned in two forms: `postTitle` as `posttitle` and `post-title`. A name that
    contains that of a component is returned with and without the rest of it.
    """
    source_names = " ".join(attributes.get(key, "") for key in NAME_ATTRIBUTES)
    names = DASHES.sub("-", source_names.lower()).split()
    if source_names != source_names.lower():
        source_names += "".join(
            f" {first or second}" for first, second in COMPONENT_NAME.findall(source_names)
        )
        lowered_names = set(names)
        names += [
            name
            for name in DASHES.sub("-", CAMEL_BOUNDARY.sub("-", source_names).lower()).split()
            if name not in lowered_names
        ]
    return [name for name in names if len(name) <= MAX_NAME_CHARS]
