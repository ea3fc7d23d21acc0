"""A body becomes text: rendered, parsed, cut into blocks, each kept or left out by a rule that is named."""

from posts import body as bodies
from posts.blocks import Content, content_of
from posts.cuts import Page, judge
from posts.markup import markup_of
from posts.templates import Template
from schemas.words import Engine, Warn


def clean(body: str, name: str, page: Page, engine: Engine, template: Template | None = None) -> Content:
    """Give the content of the body of a file of a name, its blocks judged."""
    html = body if name.lower().endswith(".html") else bodies.to_html(body)
    markup, is_heavy = markup_of(html, engine)
    content = content_of(markup)
    judge(content.blocks, page, template)
    if is_heavy:
        content.warnings.append(Warn.DEEP)
    return content
