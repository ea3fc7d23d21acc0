"""Schema of table `posts`: one row per post that is not withdrawn, in its current version."""

import datetime as dt
from typing import Any

import polars as pl

from schemas.enums import Dialect
from schemas.validation import dy

# metadata of a column for the reference: its unit, and what null means
UNIT, NULL = "unit", "null"
DATE_SOURCES = {
    "front_matter": "a field of the front matter",
    "epoch": "the epoch comment of the feed",
    "header": "a line below the header line of a feed",
    "path": "a path or URL in the front matter",
    "filename": "the file name",
    "folders": "the folders of the file",
    "body": "a line above the text that names the day, if nothing else in the file tells a date of publication",
    "first_commit": "the first commit that has the file, if nothing in the file tells a date of publication",
}
DATE_PRECISIONS = {
    "second": "a time of day was given",
    "day": "only the day is known; the time is 00:00",
    "month": "only the month is known; the day is its first",
    "year": "only the year is known; the day is its first",
}
LANGUAGES = {
    "zh": "Chinese",
    "yue": "written Cantonese",
    "en": "English",
    "ja": "Japanese",
    "ko": "Korean",
    "mixed": "two of these",
    "und": "another language",
    "none": "no words",
}
SCRIPTS = {"Hans": "simplified", "Hant": "traditional"}


def described(description: str, unit: str | None = None, *, null: str | None = None) -> dict[str, Any]:
    """Return the arguments of a column for the reference. It is nullable if `null` says what null means."""
    metadata = {key: text for key, text in ((UNIT, unit), (NULL, null)) if text is not None}
    return {"description": description, "nullable": null is not None, "metadata": metadata or None}


def string(description: str, unit: str | None = None, *, null: str | None = None, **checks: Any) -> dy.String:
    return dy.String(**described(description, unit, null=null), **checks)


def choice(description: str, words: dict[str, str], *, null: str | None = None) -> dy.String:
    """Return a column that contains one of some words, with their meanings."""
    meanings = "; ".join(f"`{word}`: {meaning}" for word, meaning in words.items())
    return string(f"{description} {meanings}.", null=null, check=lambda c: c.is_in(list(words)))


def number(description: str, unit: str, *, null: str | None = None) -> dy.Int64:
    return dy.Int64(**described(description, unit, null=null))


def utc_datetime(description: str, *, null: str | None = None) -> dy.Datetime:
    """Return a column of timestamps: microseconds, aware, UTC."""
    return dy.Datetime(time_unit="us", time_zone="UTC", **described(description, null=null))


def text_list(description: str, *, null: str | None = None) -> dy.List:
    return dy.List(dy.String(), **described(description, null=null))


def characters(description: str) -> dy.Int32:
    return dy.Int32(min=0, **described(description, "characters"))


class PostHeads(dy.Schema):
    """The first columns of a post: those that its metadata alone decide."""

    post_id = string(
        "Key of the post: a hash of its canonical URL; without one, of its source and its path.",
        regex="^[0-9a-f]{32}$",
    )
    source = string(
        "Display name of the source: a field that names it, else the first category, else the domain.",
        min_length=1,
    )
    source_id = string(
        "ASCII slug of `source`, one to one; first partition column.", regex="^[a-z0-9-]{1,51}$"
    )
    date = dy.Date(description="UTC calendar day of `published_at`.")
    published_at = utc_datetime("When the post was published.")
    published_raw = string(
        "The date as the front matter spells it.", null="the front matter has no date on a line of its own"
    )
    date_from = choice("Where `published_at` comes from.", DATE_SOURCES)
    date_precision = choice("How exact `published_at` is.", DATE_PRECISIONS)
    date_conflict = dy.Bool(
        description="True where front matter, epoch comment and file name name different UTC days."
    )
    fetched_at = utc_datetime(
        "When a crawler fetched the post.", null="the file does not tell a time of the crawl"
    )
    title = string("Title on one line.")
    author = string("Authors, separated by a comma and a space.", null="the front matter names none")
    url = string("Canonical URL.", null="the file names no valid URL")
    domain = string("Host name of `url` without `www.`.", null="`url` is null")
    tags = text_list("Tags of the front matter, without repeats.")
    categories = text_list("Categories of the front matter, without repeats.")
    format = choice(
        "How the front matter is written.",
        {dialect.value: dialect.description for dialect in Dialect},
        null="an older postlake read the file",
    )

    @dy.rule()
    def title_is_present(cls) -> pl.Expr:
        """The title has a character that is not white space."""
        return pl.col("title").str.strip_chars().str.len_chars() > 0

    @dy.rule()
    def date_is_plausible(cls) -> pl.Expr:
        """The year is from 1800 to 2099.

        The web is not older than 1990. Scanned archives contain older dates, and typing errors cause even
        older ones.
        """
        return pl.col("date").is_between(dt.date(1800, 1, 1), dt.date(2099, 12, 31))

    @dy.rule()
    def date_is_the_day_of_published_at(cls) -> pl.Expr:
        """`date` is the UTC day of `published_at`."""
        return pl.col("published_at").dt.date() == pl.col("date")

    @dy.rule()
    def url_is_http(cls) -> pl.Expr:
        """`url` begins with http:// or https://, and has a host."""
        return pl.col("url").str.contains("^https?://[^/]")


class Posts(PostHeads):
    """A post. The storage adds the partition column (`month`, `year` or `day`), taken from `date`.

    In SQL there is always a column `month` (`2021-09`), whatever the partition column is.
    """

    language = choice("Language of title and text.", LANGUAGES)
    script = choice(
        "Chinese script.", SCRIPTS, null="the text is not Chinese, or no character tells the two apart"
    )
    text = string("Cleaned text; blocks are separated by a blank line.")
    text_chars = characters("Length of `text`.")
    boilerplate_chars = characters("Length of the text that cleaning removed from the body.")
    # nulls inside are not checked: 3 microseconds a post, as much as to build and to read the column together
    cuts = dy.List(
        dy.Struct(
            {
                "rule": dy.String(nullable=True),
                "count": dy.Int32(nullable=True),
                "chars": dy.Int32(nullable=True),
            },
            nullable=True,
        ),
        **described(
            "What each cleaning rule removed from the body, sorted by rule: how many blocks or passages, and their "
            "characters, which add up to `boilerplate_chars`.",
            null="an older postlake cleaned the text",
        ),
    )
    links = dy.List(
        dy.Struct({"url": dy.String(), "text": dy.String()}),
        description="Links of the kept text, in order: absolute URL and anchor text.",
    )
    images = dy.List(
        dy.Struct({"url": dy.String(), "alt": dy.String()}),
        description="Images of the kept text, in order: absolute URL and alternative text.",
    )
    content_hash = string("Hash of title and text; equal texts have equal hashes.", regex="^[0-9a-f]{32}$")
    origin = string("Where the file was found: the folder, repository or archive that was ingested.")
    path = string("Path of the file within `origin`.")
    blob = string("Git blob id of the bytes of the file; key of `raw`.", regex="^[0-9a-f]{40}$")
    extra = string(
        "Front matter fields without a column of their own, as a JSON object.", null="there are none"
    )
    warnings = text_list("What was repaired or guessed; see the list of warnings.")
    template_version = dy.Int32(
        **described(
            "Version of the learned template that cleaned the text.", null="the source had no template"
        )
    )
    cleaner_version = dy.Int32(description="Version of the cleaning rules that cleaned the text.")
    version_at = utc_datetime("When this version appeared, in the time of the source's own history.")
    withdrawn_at = utc_datetime(
        "When the last file of the post disappeared.",
        null="the post was not withdrawn; in `posts` always null, since withdrawn posts are in `revisions`",
    )
    run_id = string("The run that wrote the row.")
    ingested_at = utc_datetime("When that run started.")

    @dy.rule()
    def text_chars_counts_text(cls) -> pl.Expr:
        """`text_chars` is the number of characters of `text`."""
        return pl.col("text").str.len_chars() == pl.col("text_chars")
