"""Replace what MDX adds to Markdown: imports and exports are left out, and tags of components, but not their text.

Docusaurus parses `.md` as MDX too. Such a file shows it by an import that its text uses.
"""

import re

from posts.html.code_regions import CODE_START, CodeRegions

# a statement ends at a blank line, as MDX parses it
_BEGINNING = (
    r"import[ \t]+(?:type[ \t]+)?(?:[\"'{*]|[\w$]+[ \t]*(?:,[ \t]*[{*]|[ \t]from[ \t]+[\"']))"
    r"|export[ \t]+(?:(?:default|const|let|var|function|async|class|type|interface|enum)\b|[{*])"
)
STATEMENT = rf"^(?P<statement>(?:{_BEGINNING})[^\n]*(?:\n[^\n]*\S[^\n]*)*(?:\n|\Z))"
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
# a line that imports a component: one of the site, or one that a tag or an expression names
IMPORT = r"^import[ \t]++(?:(?P<names>(?:[\w*{},$]++[ \t]++)+?)from[ \t]+)?(?P<quote>[\"'])(?P<module>[^\"'\n]+)(?P=quote)[ \t]*;?[ \t]*$"
MODULE_OF_SITE = ("@theme/", "@site/", "@docusaurus/", "@theme-original/")
IMPORT_OR_CODE = re.compile(rf"{IMPORT}|{CODE_START}", re.MULTILINE)
NAME = re.compile(r"[\w$]+")


def is_mdx(source: str) -> bool:
    """Return whether Markdown is MDX: it imports what it uses, and outside of code."""
    if "\nimport " not in source and not source.startswith("import "):
        return False
    regions, end = CodeRegions(source), 0
    while match := IMPORT_OR_CODE.search(source, end):
        end = match.end()
        if match["module"]:
            if match["module"].startswith(MODULE_OF_SITE) or _is_used(match["names"] or "", source):
                return True
        else:
            end = regions.end_of(match) or end
    return False


def _is_used(names: str, source: str) -> bool:
    return any(
        re.search(rf"<{re.escape(name)}[\s/>.]|\{{{re.escape(name)}\b", source)
        for name in NAME.findall(names)
    )


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
