"""Schema of table `posts`: one row per post that is not withdrawn, in its current version."""

import datetime as dt

import polars as pl

from schemas.validation import dy

# metadata of a column for the reference: its unit, and what null means
UNIT, NULL = "unit", "null"
DATE_SOURCES = {
    "front_matter": "a field of the front matter",
    "epoch": "the epoch comment of the feed",
    "filename": "the file name",
    "commit": "the commit that added the file",
}
DATE_PRECISIONS = {"second": "a time of day was given", "day": "only the day is known; the time is 00:00"}
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


def choices(words: dict[str, str]) -> str:
    """Return a sentence with the words that a column may contain and their meanings."""
    return "; ".join(f"`{word}`: {meaning}" for word, meaning in words.items()) + "."


def utc_datetime(description: str, *, null: str | None = None) -> dy.Datetime:
    """Return a column of timestamps: microseconds, aware, UTC.

    It is nullable if `null` says what null means.
    """
    return dy.Datetime(
        nullable=null is not None,
        time_unit="us",
        time_zone="UTC",
        description=description,
        metadata=null_means(null) if null is not None else None,
    )


def null_means(meaning: str) -> dict[str, str]:
    return {NULL: meaning}


def text_list(description: str) -> dy.List:
    return dy.List(dy.String(), nullable=False, description=description)


def characters(description: str) -> dy.Int32:
    return dy.Int32(min=0, description=description, metadata={UNIT: "characters"})


class PostHeads(dy.Schema):
    """The first columns of a post: those that its metadata alone decide."""

    post_id = dy.String(
        regex="^[0-9a-f]{32}$",
        description="Key of the post: a hash of its canonical URL; without one, of its source and its path.",
    )
    source = dy.String(
        min_length=1,
        description="Display name of the source: a field that names it, else the first category, else the domain.",
    )
    source_id = dy.String(
        regex="^[a-z0-9-]{1,51}$",
        description="ASCII slug of `source`, one to one; first partition column.",
    )
    date = dy.Date(description="UTC calendar day of `published_at`.")
    published_at = utc_datetime("When the post was published.")
    published_raw = dy.String(
        nullable=True,
        description="The date as the front matter spells it.",
        metadata=null_means("the front matter has no date on a line of its own"),
    )
    date_from = dy.String(
        check=lambda c: c.is_in(list(DATE_SOURCES)),
        description=f"Where `published_at` comes from. {choices(DATE_SOURCES)}",
    )
    date_precision = dy.String(
        check=lambda c: c.is_in(list(DATE_PRECISIONS)),
        description=f"How exact `published_at` is. {choices(DATE_PRECISIONS)}",
    )
    date_conflict = dy.Bool(
        description="True where front matter, epoch comment and file name name different UTC days."
    )
    fetched_at = utc_datetime(
        "When a crawler fetched the post.", null="the file does not tell a time of the crawl"
    )
    title = dy.String(description="Title on one line.")
    author = dy.String(
        nullable=True,
        description="Authors, separated by a comma and a space.",
        metadata=null_means("the front matter names none"),
    )
    url = dy.String(
        nullable=True, description="Canonical URL.", metadata=null_means("the file names no valid URL")
    )
    domain = dy.String(
        nullable=True, description="Host name of `url` without `www.`.", metadata=null_means("`url` is null")
    )
    tags = text_list("Tags of the front matter, without repeats.")
    categories = text_list("Categories of the front matter, without repeats.")

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

    language = dy.String(
        check=lambda c: c.is_in(list(LANGUAGES)),
        description=f"Language of title and text. {choices(LANGUAGES)}",
    )
    script = dy.String(
        nullable=True,
        check=lambda c: c.is_in(list(SCRIPTS)),
        description=f"Chinese script. {choices(SCRIPTS)}",
        metadata=null_means("the text is not Chinese, or no character tells the two apart"),
    )
    text = dy.String(description="Cleaned text; blocks are separated by a blank line.")
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
        nullable=True,
        description="What each cleaning rule removed from the body, sorted by rule: how many blocks or passages, and their "
        "characters, which add up to `boilerplate_chars`.",
        metadata=null_means("an older postlake cleaned the text"),
    )
    links = dy.List(
        dy.Struct({"url": dy.String(), "text": dy.String()}),
        nullable=False,
        description="Links of the kept text, in order: absolute URL and anchor text.",
    )
    images = dy.List(
        dy.Struct({"url": dy.String(), "alt": dy.String()}),
        nullable=False,
        description="Images of the kept text, in order: absolute URL and alternative text.",
    )
    content_hash = dy.String(
        regex="^[0-9a-f]{32}$", description="Hash of title and text; equal texts have equal hashes."
    )
    origin = dy.String(
        description="Where the file was found: the folder, repository or archive that was ingested."
    )
    path = dy.String(description="Path of the file within `origin`.")
    blob = dy.String(
        regex="^[0-9a-f]{40}$", description="Git blob id of the bytes of the file; key of `raw`."
    )
    extra = dy.String(
        nullable=True,
        description="Front matter fields without a column of their own, as a JSON object.",
        metadata=null_means("there are none"),
    )
    warnings = text_list("What was repaired or guessed; see the list of warnings.")
    template_version = dy.Int32(
        nullable=True,
        description="Version of the learned template that cleaned the text.",
        metadata=null_means("the source had no template"),
    )
    cleaner_version = dy.Int32(description="Version of the cleaning rules that cleaned the text.")
    version_at = utc_datetime("When this version appeared, in the time of the source's own history.")
    withdrawn_at = utc_datetime(
        "When the last file of the post disappeared.",
        null="the post was not withdrawn; in `posts` always null, since withdrawn posts are in `revisions`",
    )
    run_id = dy.String(description="The run that wrote the row.")
    ingested_at = utc_datetime("When that run started.")

    @dy.rule()
    def text_chars_counts_text(cls) -> pl.Expr:
        """`text_chars` is the number of characters of `text`."""
        return pl.col("text").str.len_chars() == pl.col("text_chars")
