"""What in a page is not the post's own text: rules of structure, each with its reason."""

import re
from collections.abc import Mapping

NO_TEXT = frozenset(
    """
    head title script style noscript iframe template object embed svg canvas video audio map button
    select textarea input option datalist dialog progress meter
    """.split()
)
SITE_CHROME = frozenset({"header", "footer", "nav"})
HIDDEN_STYLE = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
# whole class names and ids of the common themes, never parts of names: `tag-politics` is a topic of the page
CHROME_CLASS = re.compile(
    r"(?:(?:post|entry|article|page)[-_]{1,2})?"
    r"(?:tags?(?:-links|-list)?|cat-links|categories|breadcrumbs?|share(?:-buttons?|-links)?|sharing|sharedaddy"
    r"|social(?:-(?:share|links|icons|media))?|addtoany\w*|related(?:-(?:posts?|articles?|content|stories))?|jp-relatedposts"
    r"|yarpp\S*|meta|byline|submitted|posted-on|print-(?:only|link)|pagination|pager|nav(?:igation|-links)?"
    r"|menu|sidebar|widget|footer|newsletter(?:-\w+)?|subscribe(?:-\w+)?|subscription|donate|paywall|copyright"
    r"|ads?|advert(?:isement)?|sponsored|promo(?:tion)?|cookie-\w+|skip-link|sr-only|screen-reader-text"
    r"|(?:rouge-)?gutter|linenos?|line-numbers|visually-hidden|element-invisible|visually-hidden-focusable)",
    re.IGNORECASE,
)


def why_dropped(tag: str, attributes: Mapping[str, str | None]) -> str | None:
    """Name the rule by which an element and all in it is no text of the post; None to keep it."""
    if tag in NO_TEXT:
        return "no_text_element"
    if tag in SITE_CHROME:
        return "site_chrome_element"
    if not attributes or tag in {"article", "main", "body"}:
        return None
    if "hidden" in attributes or HIDDEN_STYLE.search(attributes.get("style") or ""):
        return "hidden_element"
    names = f"{attributes.get('class') or ''} {attributes.get('id') or ''}".split()
    if any(CHROME_CLASS.fullmatch(name) for name in names):
        return "site_chrome_class"
    return None
