"""The links of shortcodes: references to pages of the site, cards and buttons."""

import re
from urllib.parse import quote, unquote

from posts.html.shortcodes import known
from posts.html.shortcodes.syntax import Shortcode, show_as_text
from posts.html.tags import escape_html

END_OF_TARGET = re.compile(r"[\"'] | \| ")
BUTTON_PART = re.compile(r"\s*+(\"[^\"]*+\"|'[^']*+'|(?:[^,:]|:(?!:))*+)\s*+(?:,|::|\Z)")
ADDRESS = re.compile(r"(?:https?:)?//|[/#]|\.\.?/|mailto:", re.IGNORECASE)
ICON = re.compile(r"(?:fa[a-z]?|icon\w*)(?:[ -]|\Z)|\.(?!\.?/)")


def reference(shortcode: Shortcode, *, is_in_url: bool) -> str:
    """Return the link of a shortcode that has an address, or within a link the address."""
    target = target_of(shortcode.get("href", "path", "url") or shortcode.text.strip("\"'` "))
    if is_in_url or shortcode.is_end:
        return "" if shortcode.is_end else target
    if len(shortcode.values) > 1 and any(value.startswith("http") for value in shortcode.values[1:]):
        return _link_card(shortcode.values)
    text = shortcode.get("content", "title", "text") or unquote(target)
    return f'<a href="{escape_html(target)}">{show_as_text(text)}</a>' if target else ""


def _link_card(values: list[str]) -> str:
    """Return the link that a theme of Hexo shows as a card: `{% link title, url %}`."""
    url = next(value for value in values if value.startswith("http"))
    return f'<a href="{escape_html(target_of(url))}">{show_as_text(values[0])}</a>'


def target_of(text: str) -> str:
    """Return an address as Markdown and HTML take it."""
    target = END_OF_TARGET.split(text, maxsplit=1)[0].strip()
    if target.startswith(("_posts/", "_pages/")):
        target = f"/{target}"
    return quote(target, safe="/:?#@!$&*+,;=%~.-_")


def link(shortcode: Shortcode) -> str:
    """Return the link of a shortcode that has an address and words."""
    values = _button_values(shortcode) if shortcode.name in known.BUTTONS else shortcode.values
    url = shortcode.get("href", "url", "link", "relref") or (values[0] if values else "")
    words = [value for value in values[1:] if value not in {"true", "false"}]
    text = shortcode.get("text", "title", "content") or " ".join(words)
    if not text and shortcode.name in known.BUTTONS:
        return ""
    return f'<a href="{escape_html(target_of(url))}">{show_as_text(text or url)}</a>' if url else ""


def _button_values(shortcode: Shortcode) -> list[str]:
    """Return the address and the words of a button: `{% btn url, text, icon, style %}`, `{% button text url %}`."""
    separated = [part.strip("\"' ") for part in BUTTON_PART.findall(shortcode.text)]
    is_separated = any(separated[1:]) and (not shortcode.named or "::" in shortcode.text)
    parts = separated if is_separated else shortcode.values
    url = next((part for part in parts if ADDRESS.match(part)), parts[0] if parts else "")
    words = [
        part
        for part in parts
        if part not in {"", url, "regular", "large"}
        and not ICON.match(part)
        and part.lower() not in known.BOX_STYLES
    ]
    return [url, *(words[:1] if is_separated else words)]
