"""The page about formats: endings, dialects of front matter, keys, and programs."""

from docs.generate.markdown import NOTICE, page, table
from posts import formats
from posts.metadata import keys

KEYS_OF_COLUMNS = (
    ("title", keys.TITLE_KEYS),
    ("published_at", keys.DATE_KEYS),
    ("published_at, where no other date is known", keys.MODIFIED_KEYS),
    ("author", keys.AUTHOR_KEYS),
    ("source", keys.SOURCE_KEYS),
    ("url", keys.URL_KEYS),
    ("tags", keys.TAG_KEYS),
    ("categories", keys.CATEGORY_KEYS),
)


def formats_page() -> str:
    """Return the page about formats: endings, dialects of front matter, keys, and programs."""
    lines = [
        "# Formats",
        NOTICE,
        (
            "A file is a post if a title and a date are found: in its front matter, or as the dialects without any have them. Its ending decides how the "
            "body is read."
        ),
        table(
            ("format", "endings"),
            [(each.name, ", ".join(f"`*{ending}`" for ending in each.endings)) for each in formats.FORMATS],
        ),
        "## Dialects of front matter",
        (
            "Column `posts.format` has the word. The dialects are tried in this order. Byte order marks, white space and an HTML "
            "comment may stand before the first line. A file that nearly begins so is rejected (`front_matter_malformed`, "
            "`front_matter_not_closed`)."
        ),
        table(
            ("word", "front matter", "fences"),
            [
                (f"`{each.dialect}`", each.dialect.description, _fences(each))
                for each in formats.FRONT_MATTER_FORMATS
            ],
        ),
        "## Programs",
        table(
            ("program", "dialects", "what is read"),
            [
                (each.name, ", ".join(f"`{dialect}`" for dialect in each.dialects), each.reads)
                for each in formats.GENERATORS
            ],
        ),
        "## Keys",
        (
            "Case, spaces, hyphens and underscores of a key do not matter: `pubDate`, `Pub-Date` and `pub_date` are one. The first "
            "key with a value is used. Keys in tables `taxonomies`, `extra` and `params` count where the post has none of its own. "
            "All other keys are in column `extra`."
        ),
        table(
            ("column", "keys, in this order"),
            [(column, ", ".join(f"`{key}`" for key in names)) for column, names in KEYS_OF_COLUMNS],
        ),
        (
            "Scalars are text as they are spelled: `12:30`, `007`, `1.10` and `yes` are titles and tags. In `extra`, what JSON would "
            "spell in the same way is a number or a boolean."
        ),
    ]
    return page(lines)


def _fences(dialect: formats.FrontMatterFormat) -> str:
    pairs = (" ... ".join(f"`{line}`" if line else "(none)" for line in pair) for pair in dialect.fences)
    return ", ".join(pairs) or "the whole line"
