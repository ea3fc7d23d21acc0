"""The body of a post as HTML: the feed's header lines taken off, Markdown rendered."""

import re
from functools import cache

from posts.formats import Markup
from posts.html.markdown import References, parse_references, render_markdown

EPOCH_COMMENT = re.compile(r"\s*<!--\s*(-?\d+|NaN)\s*-->")
HEADER_LINE = re.compile(
    r"\s*\[(?P<title>[^\n]{0,2000})\]\((?P<url>\S{0,8000})\)[ \t]*\n-{3,}[ \t]*(?:\n|\Z)"
)
# kramdown reads these raw up to their closing tag, blank lines and indented lines included
BLOCK_TAGS = (
    "address|article|aside|blockquote|center|dd|details|dir|div|dl|dt|fieldset|figcaption|figure|footer|form"
    "|h[1-6]|header|hgroup|hr|li|main|menu|nav|ol|p|pre|section|summary|table|tbody|td|tfoot|th|thead|tr|ul"
    "|script|style|iframe|object|noscript|template|video|audio|svg|picture"
)
FENCE_OR_BLOCK = re.compile(
    rf"^ {{0,3}}(?:(?P<fence>```+|~~~+)|(?P<comment><!--)|<(?P<tag>{BLOCK_TAGS})\b)",
    re.MULTILINE | re.IGNORECASE,
)
VOID_TAGS = {"hr"}
FOOTNOTE = re.compile(r"^ {0,3}\[\^[^\]\n]+\]:", re.MULTILINE)
LINK_DEFINITION = re.compile(r"^ {0,3}\[(?!\^)[^\]\n]+\]:[ \t]*\S+.*$", re.MULTILINE)
CJK_PUNCTUATION = "[\u3001-\u303f\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65“”‘’…—]"
EMPHASIS_BEFORE_CJK = re.compile(rf"(?<=\S)(\*{{1,3}})(?={CJK_PUNCTUATION})")
EMPHASIS_AFTER_CJK = re.compile(rf"(?<={CJK_PUNCTUATION})(\*{{1,3}})(?=\S)")
MARKDOWN_ATTRIBUTE = re.compile(r"<\w+\b[^>]*\bmarkdown=[\"']?(?:1|block|span)[\"']?[^>]*>")
# the tags of https://jekyllrb.com/docs/liquid/tags/ and the variables of /docs/variables/; others may be the subject
HIGHLIGHT_END = re.compile(r"\{%-?\s*endhighlight\s*-?%\}")
HIGHLIGHT_BLOCK = re.compile(rf"\{{%-?\s*highlight\b[^%]{{0,80}}%\}}(.*?){HIGHLIGHT_END.pattern}", re.DOTALL)
LIQUID_TAG = re.compile(
    r"\{%-?\s*(?:include|include_relative|if|elsif|else|endif|unless|endunless|for|endfor|assign|capture|endcapture|comment"
    r"|endcomment|raw|endraw|link|post_url|gist|youtube|seo|feed_meta)\b[^%\n]{0,300}%\}|\{\{-?\s*(?:site|page|content|include|layout|paginator)\b[^}\n]{0,300}\}\}"
)
ATTRIBUTE_LIST = re.compile(r"\{:(?!:)[^}\n]{0,200}\}")


def split_header(body: str) -> tuple[str | None, str | None, str | None, str]:
    """Part a body into epoch, header title, header URL and the rest; None for what is not there."""
    epoch = EPOCH_COMMENT.match(body)
    body = body[epoch.end() :] if epoch else body
    header = HEADER_LINE.match(body)
    rest = body[header.end() :] if header else body
    return epoch and epoch[1], header and header["title"], header and header["url"], rest


def to_html(body: str) -> str:
    """Return a Markdown body as HTML, its block-level HTML left as it stands."""
    body = _strip_liquid(body.strip())
    if body.startswith("<") and _find_html_end(body, FENCE_OR_BLOCK.match(body)) == len(body):
        return body
    return "".join(_render_pieces(body))


def render(body: str, markup: Markup) -> str:
    """Return a body of a markup as HTML."""
    return body if markup is Markup.HTML else to_html(body)


def _render_pieces(body: str) -> list[str]:
    references = parse_references("\n".join(LINK_DEFINITION.findall(body)))
    pieces, rendered_to, position = list[str](), 0, 0
    while opening := FENCE_OR_BLOCK.search(body, position):
        if opening["comment"]:
            end = body.find("-->", opening.end())
            position = end + 3 if end >= 0 else len(body)
            continue
        if opening["fence"]:
            position = _find_fence_end(body, opening)
            continue
        pieces.append(_render(body[rendered_to : opening.start()], references))
        rendered_to = position = _find_html_end(body, opening)
        pieces.append(_render_marked(body[opening.start() : rendered_to], references))
    return [*pieces, _render(body[rendered_to:], references)]


def _render_marked(element: str, references: References) -> str:
    """Render what is in an element where kramdown is told to: `<div markdown="1">`."""
    opening_tag = MARKDOWN_ATTRIBUTE.match(element)
    if not opening_tag:
        return element
    end = element.rfind("</")
    end = end if end >= opening_tag.end() else len(element)
    return f"{opening_tag[0]}\n{_render(element[opening_tag.end() : end], references)}{element[end:]}"


def _strip_liquid(body: str) -> str:
    """Take out the tags that Jekyll fills in when it builds the site; code between them stays code."""
    if "{%" not in body and "{{" not in body:
        return body
    highlight_ends = [end.end() for end in HIGHLIGHT_END.finditer(body)]
    if highlight_ends:
        # beyond the last end each opening would be read in vain to the end of the body
        with_fences = HIGHLIGHT_BLOCK.sub(
            lambda match: f"\n\n```\n{match[1].strip(chr(10))}\n```\n\n", body[: highlight_ends[-1]]
        )
        body = with_fences + body[highlight_ends[-1] :]
    return LIQUID_TAG.sub("", body)


def _find_fence_end(body: str, opening: re.Match[str]) -> int:
    closing_fence = re.compile(rf"^ {{0,3}}{re.escape(opening['fence'])}[`~]*[ \t]*$", re.MULTILINE)
    match = closing_fence.search(body, opening.end())
    return match.end() if match else len(body)


def _find_html_end(body: str, opening: re.Match[str] | None) -> int:
    """Find where the element that opens here is closed; the end of the body when it never is."""
    if opening is None or not opening["tag"]:
        return -1
    tag = opening["tag"].lower()
    depth = 0
    for tag_match in _tag_pattern(tag).finditer(body, opening.start()):
        depth += -1 if tag_match[1] else 1
        if depth <= 0 or tag in VOID_TAGS:
            end = body.find(">", tag_match.end())
            return len(body) if end < 0 else end + 1
    return len(body)


@cache
def _tag_pattern(tag: str) -> re.Pattern[str]:
    return re.compile(rf"<(/?){tag}\b", re.IGNORECASE)


def _join_cjk_emphasis(markdown: str) -> str:
    """Let emphasis open and close beside CJK punctuation: 这是**“灯塔”**的. CommonMark sees no word boundary.

    The word joiner put there is no punctuation to CommonMark; the text is freed of it with all unseen characters.
    """
    return (
        EMPHASIS_AFTER_CJK.sub("\u2060\\1", EMPHASIS_BEFORE_CJK.sub("\\1\u2060", markdown))
        if "*" in markdown
        else markdown
    )


def _render(markdown: str, references: References) -> str:
    """Render a piece of a document whose link definitions may stand elsewhere in it."""
    if not markdown.strip():
        return ""
    markdown = FOOTNOTE.sub(r"\\\g<0>", ATTRIBUTE_LIST.sub("", markdown))
    return render_markdown(_join_cjk_emphasis(markdown), references)
