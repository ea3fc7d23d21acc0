"""Replace what MDX adds to Markdown: imports and exports are left out, and tags of components, but not their text."""

import re

from posts.html.code_regions import CODE_START, CodeRegions

# a statement ends at a blank line, as MDX parses it
STATEMENT = r"^(?P<statement>(?:import|export)[ \t][^\n]*(?:\n[^\n]*\S[^\n]*)*(?:\n|\Z))"
QUOTED = r"\"[^\"]*+\"|'[^']*+'|`[^`]*+`"
# an expression in braces with up to two levels within
EXPRESSION = rf"\{{(?:{QUOTED}|[^{{}}\"'`]|\{{(?:{QUOTED}|[^{{}}\"'`]|\{{[^{{}}]*+\}})*+\}})*+\}}"
# the name of a component begins with a capital letter; `<>` is a fragment
COMPONENT = rf"(?P<component></?(?:[A-Z][\w.]*+|(?=>))(?:\s++(?:[\w:.-]++(?:\s*=\s*(?:{QUOTED}|{EXPRESSION}))?+|{EXPRESSION}))*+\s*/?>)"
COMMENT = r"(?P<note>\{/\*.*?\*/\})"
PART = re.compile(rf"{STATEMENT}|{COMMENT}|{COMPONENT}|{CODE_START}", re.MULTILINE)
# those that Astro and Docusaurus replace by elements of HTML
IMAGE = re.compile(r"<(?:Image|Img|Picture|Figure)\b[^>]*?\ssrc=[\"'](?P<src>[^\"'>]+)[\"'][^>]*>")
ALT = re.compile(r"\s(?:alt|caption)=[\"']([^\"'>]*)[\"']")


def strip_mdx(source: str) -> str:
    """Return the Markdown of MDX. Code is not changed."""
    regions = CodeRegions(source)
    parts, start, end = [], 0, 0
    while match := PART.search(source, end):
        end = match.end()
        if match["statement"] or match["note"] or match["component"]:
            parts += [source[start : match.start()], _image(match["component"] or "")]
            start = end
        else:
            end = regions.end_of(match) or end
    return "".join([*parts, source[start:]])


def _image(component: str) -> str:
    """Return the image that a component shows as HTML; empty if it shows none."""
    image = IMAGE.match(component)
    alt = ALT.search(component) if image else None
    return f'<img src="{image["src"]}" alt="{alt[1] if alt else ""}">' if image else ""
