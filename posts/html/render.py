"""Convert the body of a post to HTML: remove the header lines of the feed, render Markdown."""

import re
from functools import cache

from posts.formats import Markup
from posts.html.markdown import References, parse_references, render_markdown
from posts.html.tags import VOID_TAGS, is_single_run

EPOCH_COMMENT = re.compile(r"\s*<!--\s*(-?\d+|NaN)\s*-->")
HEADER_LINE = re.compile(
    r"\s*\[(?P<title>[^\n]{0,2000})\]\((?P<url>\S{0,8000})\)[ \t]*\n-{3,}[ \t]*(?:\n|\Z)"
)
# kramdown does not parse these as Markdown up to their closing tag, even over blank and indented lines
BLOCK_TAGS = (
    "address|article|aside|blockquote|center|dd|details|dir|div|dl|dt|fieldset|figcaption|figure|footer|form"
    "|h[1-6]|header|hgroup|hr|li|main|menu|nav|ol|p|pre|section|summary|table|tbody|td|tfoot|th|thead|tr|ul"
    "|script|style|iframe|object|noscript|template|video|audio|svg|picture"
)
FENCE_OR_BLOCK = re.compile(
    rf"^ {{0,3}}(?:(?P<fence>```+|~~~+)|(?P<comment><!--)|<(?P<tag>{BLOCK_TAGS})\b)",
    re.MULTILINE | re.IGNORECASE,
)
FOOTNOTE = re.compile(r"^ {0,3}\[\^[^\]\n]+\]:", re.MULTILINE)
LINK_DEFINITION = re.compile(r"^ {0,3}\[(?!\^)[^\]\n]+\]:[ \t]*\S+.*$", re.MULTILINE)
CJK_PUNCTUATION = "[\u3001-\u303f\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65“”‘’…—]"
# The patterns begin with an asterisk, for which `re` searches fast, and then look at the character before it.
EMPHASIS_BEFORE_CJK = re.compile(rf"\*(?<=\S\*)\*{{0,2}}(?={CJK_PUNCTUATION})")
EMPHASIS_AFTER_CJK = re.compile(rf"\*(?<={CJK_PUNCTUATION}\*)\*{{0,2}}(?=\S)")
MARKDOWN_ATTRIBUTE = re.compile(r"<\w+\b[^>]*\bmarkdown=[\"']?(?:1|block|span)[\"']?[^>]*>")
# The tags of https://jekyllrb.com/docs/liquid/tags/ and the variables of /docs/variables/. Others are not
# removed: the text may be about them.
HIGHLIGHT_END = re.compile(r"\{%-?\s*endhighlight\s*-?%\}")
HIGHLIGHT_BLOCK = re.compile(rf"\{{%-?\s*highlight\b[^%]{{0,80}}%\}}(.*?){HIGHLIGHT_END.pattern}", re.DOTALL)
LIQUID_TAG = re.compile(
    r"\{%-?\s*(?:include|include_relative|if|elsif|else|endif|unless|endunless|for|endfor|assign|capture|endcapture|comment"
    r"|endcomment|raw|endraw|link|post_url|gist|youtube|seo|feed_meta)\b[^%\n]{0,300}%\}|\{\{-?\s*(?:site|page|content|include|layout|paginator)\b[^}\n]{0,300}\}\}"
)
ATTRIBUTE_LIST = re.compile(r"\{:(?!:)[^}\n]{0,200}\}")


def split_header(body: str) -> tuple[str | None, str | None, str | None, str]:
    """Return the epoch, the title and the URL in the header of a body, each None if missing, and the rest."""
    epoch = EPOCH_COMMENT.match(body)
    start = epoch.end() if epoch else 0
    header = HEADER_LINE.match(body, start)
    rest = body[header.end() if header else start :]
    return epoch and epoch[1], header and header["title"], header and header["url"], rest


def to_html(body: str) -> str:
    """Return a Markdown body as HTML. Its block-level HTML is not changed."""
    body = _strip_liquid(body.strip())
    if is_single_run(body):
        return body
    if body.startswith("<") and _find_html_end(body, FENCE_OR_BLOCK.match(body)) == len(body):
        return body
    return "".join(_render_pieces(body))


def render(body: str, markup: Markup) -> str:
    """Return a body as HTML."""
    return body if markup is Markup.HTML else to_html(body)


def _render_pieces(body: str) -> list[str]:
    references = parse_references("\n".join(LINK_DEFINITION.findall(body))) if "]:" in body else {}
    pieces: list[str] = []
    rendered_to = position = 0
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
    """Render the content of an element if it has the attribute for kramdown: `<div markdown="1">`."""
    opening_tag = MARKDOWN_ATTRIBUTE.match(element)
    if not opening_tag:
        return element
    end = element.rfind("</")
    end = end if end >= opening_tag.end() else len(element)
    return f"{opening_tag[0]}\n{_render(element[opening_tag.end() : end], references)}{element[end:]}"


def _strip_liquid(body: str) -> str:
    """Remove the Liquid tags that Jekyll replaces when it builds a site; `highlight` becomes a code fence."""
    # a search for one character is much faster than for two
    if "{" not in body or ("{%" not in body and "{{" not in body):
        return body
    highlight_ends = [end.end() for end in HIGHLIGHT_END.finditer(body)]
    if highlight_ends:
        # after the last end tag, each opening tag would be searched for an end up to the end of the body
        with_fences = HIGHLIGHT_BLOCK.sub(
            lambda match: f"\n\n```\n{match[1].strip(chr(10))}\n```\n\n", body[: highlight_ends[-1]]
        )
        body = with_fences + body[highlight_ends[-1] :]
    return LIQUID_TAG.sub("", body)


def _find_fence_end(body: str, opening: re.Match[str]) -> int:
    closing_fence = re.compile(rf"\n {{0,3}}{re.escape(opening['fence'])}[`~]*[ \t]*$", re.MULTILINE)
    match = closing_fence.search(body, opening.end())
    return match.end() if match else len(body)


def _find_html_end(body: str, opening: re.Match[str] | None) -> int:
    """Return the position after the element that opens here.

    The result is the end of the body if the element is not closed, and -1 if no element opens here.
    """
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
    """Make emphasis open and close next to CJK punctuation, where CommonMark sees no boundary: 这是**“灯塔”**的.

    A word joiner is inserted, which is not punctuation in CommonMark. It is later removed from the text with
    all other invisible characters.
    """
    return (
        EMPHASIS_AFTER_CJK.sub("\u2060\\g<0>", EMPHASIS_BEFORE_CJK.sub("\\g<0>\u2060", markdown))
        if "*" in markdown
        else markdown
    )


def _render(markdown: str, references: References) -> str:
    """Render a part of a document. The link definitions may be in other parts of it."""
    if not markdown.strip():
        return ""
    markdown = ATTRIBUTE_LIST.sub("", markdown)
    if "[^" in markdown:
        markdown = FOOTNOTE.sub(r"\\\g<0>", markdown)
    return render_markdown(_join_cjk_emphasis(markdown), references)
