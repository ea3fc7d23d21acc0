"""The posts table: one row per post that stands, in its current version."""

import datetime as dt

import dataframely as dy
import polars as pl


def utc_datetime(description: str | None = None, *, nullable: bool = False) -> dy.Datetime:
    """A point in time: microseconds, aware, UTC."""
    return dy.Datetime(nullable=nullable, time_unit="us", time_zone="UTC", description=description)


def text_list() -> dy.List:
    return dy.List(dy.String(), nullable=False)


class Posts(dy.Schema):
    """A post. The storage adds the partition column (`month`, `year` or `day`), taken from `date`."""

    post_id = dy.String(regex="^[0-9a-f]{32}$")
    source = dy.String(min_length=1, description="display name: the first category, else the site")
    source_id = dy.String(regex="^[a-z0-9-]{1,51}$", description="ASCII slug of source, one to one")
    date = dy.Date(description="UTC calendar day of published_at")
    published_at = utc_datetime()
    published_raw = dy.String(nullable=True, description="the date as the front matter spells it")
    date_from = dy.String(check=lambda c: c.is_in(["front_matter", "epoch", "filename", "commit"]))
    date_precision = dy.String(check=lambda c: c.is_in(["second", "day"]))
    date_conflict = dy.Bool(description="front matter, epoch comment and file name name different UTC days")
    fetched_at = utc_datetime(nullable=True)
    title = dy.String()
    author = dy.String(nullable=True)
    url = dy.String(nullable=True, description="canonical")
    domain = dy.String(nullable=True)
    tags = text_list()
    categories = text_list()
    language = dy.String(
        check=lambda c: c.is_in(["zh", "yue", "en", "ja", "ko", "mixed", "und", "none"]),
        description="zh, yue (written Cantonese), en, ja, ko, mixed (two), und (another), none (no words)",
    )
    script = dy.String(
        nullable=True,
        check=lambda c: c.is_in(["Hans", "Hant"]),
        description="of zh, yue and the Chinese of mixed; null where no character tells",
    )
    text = dy.String(description="cleaned text, blocks separated by a blank line")
    text_chars = dy.Int32(min=0, description="characters of text")
    boilerplate_chars = dy.Int32(min=0, description="characters of the body that cleaning left out")
    links = dy.List(dy.Struct({"url": dy.String(), "text": dy.String()}), nullable=False)
    images = dy.List(dy.Struct({"url": dy.String(), "alt": dy.String()}), nullable=False)
    content_hash = dy.String(regex="^[0-9a-f]{32}$", description="of title and text")
    origin = dy.String(description="where the file was found: the folder given to ingest")
    path = dy.String(description="within origin")
    blob = dy.String(regex="^[0-9a-f]{40}$", description="git's blob id of the file's bytes")
    extra = dy.String(nullable=True, description="unknown front matter, as JSON")
    warnings = text_list()
    template_version = dy.Int32(nullable=True)
    cleaner_version = dy.Int32()
    version_at = utc_datetime("when this version took its place, in the time of the source's own history")
    withdrawn_at = utc_datetime("null: a post whose last file is gone lies in revisions", nullable=True)
    run_id = dy.String()
    ingested_at = utc_datetime()

    @dy.rule()
    def title_is_present(cls) -> pl.Expr:
        return pl.col("title").str.strip_chars().str.len_chars() > 0

    @dy.rule()
    def date_is_plausible(cls) -> pl.Expr:
        """The web is younger than 1990; scanned archives reach back further, typing errors further still."""
        return pl.col("date").is_between(dt.date(1800, 1, 1), dt.date(2099, 12, 31))

    @dy.rule()
    def date_is_the_day_of_published_at(cls) -> pl.Expr:
        return pl.col("published_at").dt.date() == pl.col("date")

    @dy.rule()
    def url_is_http(cls) -> pl.Expr:
        return pl.col("url").str.contains("^https?://[^/]")

    @dy.rule()
    def text_chars_counts_text(cls) -> pl.Expr:
        return pl.col("text").str.len_chars() == pl.col("text_chars")
