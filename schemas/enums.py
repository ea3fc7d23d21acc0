"""The closed word lists of postlake: outcomes, reasons, warnings and choices."""

from enum import StrEnum
from typing import Self


class DescribedEnum(StrEnum):
    """An enum of words that are stored or shown. `description` is the text of each word in the reference."""

    _value_: str
    description: str

    def __new__(cls, value: str, description: str = "") -> Self:
        member = str.__new__(cls, value)
        member._value_ = value
        member.description = description
        return member


class Outcome(DescribedEnum):
    """Outcome of a file that was found."""

    POST = "post", "The file is the current version of a post."
    DUPLICATE = "duplicate", "The file holds a post of which another file is the current version."
    REJECTED = "rejected", "The file looks like a post and cannot be read as one."
    IGNORED = "ignored", "The file was never meant to be a post."


class Reason(DescribedEnum):
    """Reason why a file is not a post.

    If a post breaks a rule of `schemas.posts.Posts`, the reason is the name of that rule.
    """

    EMPTY = "empty_file", "The file is empty, or white space only."
    NO_FRONT_MATTER = (
        "no_front_matter",
        "The file does not begin with front matter, nor is it a page or a text with a heading that has a date.",
    )
    NOT_A_FILE = "not_a_file", "A pipe, a socket or a device has the name of a post file."
    SUBMODULE = "submodule", "A git submodule: its posts belong to another repository."
    DRAFT = (
        "draft",
        "The front matter says `draft: true` or `published: false`, or the file is in a folder `_drafts`.",
    )
    SECTION_PAGE = (
        "section_page",
        "A file `_index.md` of Hugo or Zola without a date: the page of a section, not of a post.",
    )
    UNREADABLE = (
        "unreadable",
        "The bytes cannot be read, and are not kept: no permission, a missing object. Each run tries again.",
    )
    SYMLINK = (
        "link",
        "A symbolic link in a repository, or a link in an archive; it is not followed.",
    )
    UNSAFE_PATH = (
        "unsafe_path",
        "A member of an archive has an absolute path, or one with `..`.",
    )
    ENCRYPTED = "encrypted", "A member of a zip archive is encrypted."
    BROKEN_LINE = (
        "line_broken",
        "A line of a JSONL file is not a JSON object; the last one may be cut off. The detail has its number. Bytes are not kept.",
    )
    FILE_OF_LINES = (
        "file_of_lines",
        "A JSONL file in a folder, archive or bucket: each of its lines is a file of its own.",
    )
    REPLACED_LINE = "line_replaced", "A later line of the JSONL file has the same id."
    LFS_POINTER = (
        "lfs_pointer",
        "The file is a pointer of Git LFS; the content is not there.",
    )
    TOO_LARGE = "too_large", "The file is larger than 32 MiB. Bytes are not kept."
    FENCE_NOT_CLOSED = (
        "front_matter_not_closed",
        "The line that opens the front matter has no counterpart that closes it.",
    )
    MALFORMED_FENCE = (
        "front_matter_malformed",
        "The file begins with fields such as `title:`, but not as a dialect of front matter does: see the formats.",
    )
    NOT_A_MAPPING = (
        "front_matter_not_a_mapping",
        "The front matter is a list or a scalar; it has no fields.",
    )
    BROKEN_FRONT_MATTER = (
        "front_matter_broken",
        "The front matter is not valid TOML or JSON, or it is YAML of which no field can be read.",
    )
    HOSTILE_FRONT_MATTER = (
        "front_matter_hostile",
        "The front matter is nested deeper than 100 levels, or its aliases unfold to over 10,000 values.",
    )
    LARGE_FRONT_MATTER = (
        "front_matter_too_large",
        "The front matter has over 256 K characters.",
    )
    NO_TITLE = "no_title", "No title in front matter, header line, first heading, file name or URL."
    NO_DATE = "no_date", "No date in front matter, epoch comment, file name, folders or commit."
    # faults of the code, not of the file; another version of the code tries again
    PARSER_ERROR = (
        "parser_error",
        "The code of postlake failed at the file. Another version of the code tries it again.",
    )
    PARSER_CRASHED = (
        "parser_crashed",
        "The file ended the process that parsed it. Another version of the code tries it again.",
    )
    PARSER_TIMEOUT = (
        "parser_timeout",
        "Parsing took more CPU time than POSTLAKE_FILE_SECONDS allows. Another version of the code tries it again.",
    )


# files that were never meant to be posts; all other reasons are reasons of rejected files
IGNORED_REASONS = frozenset(
    {
        Reason.EMPTY,
        Reason.NO_FRONT_MATTER,
        Reason.NOT_A_FILE,
        Reason.SUBMODULE,
        Reason.DRAFT,
        Reason.SECTION_PAGE,
        Reason.REPLACED_LINE,
        Reason.FILE_OF_LINES,
    }
)
# another version of the code may be able to parse these files
PARSER_FAULTS = frozenset({Reason.PARSER_ERROR, Reason.PARSER_CRASHED, Reason.PARSER_TIMEOUT})


class ParseWarning(DescribedEnum):
    """What was repaired or guessed when a file was parsed. The words are stored in column `warnings`."""

    NOT_UTF8 = "decoded_from_another_encoding", "The file is not UTF-8; its encoding was detected."
    MIXED_ENCODINGS = (
        "lines_decoded_from_another_encoding",
        "Some lines are UTF-8 and others are not; each was decoded by itself.",
    )
    BAD_BYTES = "undecodable_bytes_replaced", "Bytes that no encoding explains became U+FFFD."
    NUL_BYTES = "nul_bytes_removed", "NUL characters were removed."
    MOJIBAKE = "mojibake_repaired", "Text that was decoded wrongly before it came here was repaired."
    LOST_CHARACTERS = (
        "characters_lost_before_this_file",
        "Text was decoded wrongly before it came here, and some of its characters are lost.",
    )
    FRONT_MATTER_SALVAGED = (
        "front_matter_salvaged",
        "The front matter is not valid YAML; its lines were repaired, or its fields were read one by one.",
    )
    BAD_DATE = "date_not_understood", "The date in the front matter is not a date; another source was used."
    NAIVE_DATE = "date_without_zone_taken_as_utc", "The date has no time zone; UTC was assumed."
    AMBIGUOUS_DATE = (
        "date_ambiguous",
        "The date can be read in two ways (`09/01/2021`, zone `CST`), or its weekday is another; the usual way was taken.",
    )
    CRAWL_DATE = (
        "date_is_crawl_time",
        "The feed had no date (epoch comment `NaN`); the date is the time of the crawl.",
    )
    DATE_OF_CHANGE = (
        "date_is_last_change",
        "The file has no date of publication; the date is that of its last change (`lastmod`, `updated`).",
    )
    DATE_OF_BODY = (
        "date_is_printed_day",
        "The file tells no date but in its body; the date is the day that is printed above the text.",
    )
    DATE_OF_FIRST_COMMIT = (
        "date_is_first_commit",
        "The file tells no date of publication; the date is when its author committed it first.",
    )
    FUTURE_DATE = "future_date", "The date is over a day after the start of the run that wrote the row."
    TITLE_FROM_HEADER = "title_from_header", "The title comes from the header line above the body."
    TITLE_FROM_HEADING = "title_from_heading", "The title comes from the heading with which the body begins."
    TITLE_FROM_FILE_NAME = "title_from_file_name", "The title comes from the file name."
    TITLE_FROM_URL = "title_from_url", "The title comes from the last segment of the URL."
    BAD_URL = "url_not_understood", "A field that should hold a URL holds none."
    NO_SOURCE = (
        "source_unknown",
        ("No field, category, URL, repository or folder names a source; the source is `unknown`."),
    )
    DEEPLY_NESTED = (
        "deeply_nested_html",
        "The HTML would take lexbor too long; BeautifulSoup parsed it.",
    )
    UNKNOWN_SHORTCODES = (
        "unknown_shortcodes",
        "Shortcodes of a site generator whose meaning is not known were left out; column `cuts` counts them as `unknown_shortcode`.",
    )
    MOSTLY_CUT = (
        "mostly_cut",
        "Rules would have left less than a fifth of the text; all but what markup proves to be chrome was kept.",
    )
    NOT_CLEANED_AGAIN = (
        "not_cleaned_again",
        "The code failed when it cleaned this post again; the earlier text was kept.",
    )


class Dialect(DescribedEnum):
    """How the front matter of a file is written. The words are stored in column `format`."""

    YAML = "yaml", "YAML between lines `---`"
    TOML = "toml", "TOML between lines `+++`"
    JSON = "json", "a JSON object"
    HEXO_YAML = "hexo_yaml", "YAML without an opening line, up to a line `---`, as Hexo reads it"
    HEXO_JSON = "hexo_json", "JSON fields without braces, up to a line `;;;`, as Hexo reads it"
    HEADER_LINES = (
        "header_lines",
        "lines `Key: value` up to a blank line, as Pelican and MultiMarkdown read them",
    )
    FEED = (
        "feed",
        "no fields: the title as a link to the page, above a line of hyphens, as archives of feeds have it",
    )
    HTML_PAGE = "html_page", "a whole page of HTML, such as a browser saves: its fields are those of its head"
    MARKDOWN = "markdown", "Markdown that begins with its title as a heading, and has a date"
    JSON_LINES = (
        "json_lines",
        "a JSON object that is a whole post, as a line of a JSONL file: one field is its body",
    )


class AlarmKind(DescribedEnum):
    """Kind of an alarm: what a person should check after a run. The names of Prefect events end in it."""

    SOURCE_SILENT = (
        "source.silent",
        "A source has had no new post for longer than its usual gaps between posts explain.",
    )
    BOILERPLATE = (
        "source.boilerplate",
        "The share of boilerplate in a source's new posts differs from its earlier posts by over 25 percentage points.",
    )
    LAYOUT = (
        "source.layout",
        "The learned template of a source matches less than half as many of its new posts as of its earlier ones.",
    )
    ONE_TEXT = "source.one_text", "Most posts of a source have the same text."
    SOURCE_REJECTS = (
        "source.rejects",
        "The share of rejected files of a source rose by over 25 percentage points.",
    )
    REJECTS = (
        "run.rejects",
        "The share of rejected files is far above or below that of the last 30 runs of the same kind.",
    )
    MOSTLY_CUT = (
        "run.mostly_cut",
        "Posts of which rules would have left less than a fifth were kept whole (warning `mostly_cut`).",
    )
    UNBALANCED = "run.unbalanced", "The counts of the run do not add up. The run failed."
    MANY_NOT_POSTS = "run.many_not_posts", "Less than half of at least 30 new files became posts."
    TEXT_FILES_PASSED_OVER = (
        "run.text_files_passed_over",
        "There are more text files with an ending that is not read than post files; the setting `endings` reads them.",
    )
    MANY_DUPLICATES = "run.many_duplicates", "More than a fifth of at least 30 new files are duplicates."
    SOURCE_SHRANK = (
        "run.source_shrank",
        "Over half of a source's posts, and at least 20, would have been withdrawn. None was, and the run failed.",
    )
    SOURCE_VANISHED = (
        "run.source_vanished",
        "A folder or bucket was gone before all of it was read. Its posts stay as they were, and the run failed.",
    )
    PARSER_ERRORS = (
        "run.parser_errors",
        "The code failed at files. They are kept as rejects, and the run ended with exit code 1.",
    )


class RunKind(DescribedEnum):
    """What a run does."""

    INGEST = "ingest", "Load sources as they are now."
    HISTORY = "history", "Load every commit of a repository since the last one loaded."
    REPLAY = "replay", "Parse rejected files again, from the bytes in the lake."
    BACKFILL = "backfill", "Carry out a backfill plan."
    LEARN = "learn", "Learn templates from posts of the lake."
    RECLEAN = "reclean", "Clean posts of the lake again."
    MAINTAIN = "maintain", "Compact and vacuum tables."
    MIGRATE = "migrate", "Resolve the lake of an older postlake anew, or what a change of settings concerns."


# these do not change rows of the ledger (table `files`): what an earlier run left unfinished is still
# unfinished after them
MAINTENANCE_KINDS = (RunKind.LEARN, RunKind.RECLEAN, RunKind.MAINTAIN)


class BackfillMode(DescribedEnum):
    """The files of its range that a backfill reads."""

    MISSING = "missing", "Files that the lake has not read."
    FAILED = "failed", "Rejected files, from their source or from the bytes in the lake."
    ALL = "all", "Every file of the range."


class Check(DescribedEnum):
    """A check that `verify` makes."""

    FILES_EXIST = (
        "files_there",
        "Each file that the Delta log names is there and has the size that the log says.",
    )
    READABLE = "readable", "Each Parquet file can be read."
    ROW_COUNTS = "row_counts", "Each file has as many rows as the log says."
    CHECKSUMS = "checksums", "Each file has the SHA-256 that was recorded when it was written."
    STATISTICS = "statistics", "Minimum, maximum and null count in the log agree with the rows."
    RULES = "rules", "Each row has the types and keeps the rules of `schemas/`."
    PARTITIONS = "partitions", "Each row is in the partition of its source and date."
    HASHES = "hashes", "`content_hash` and `blob` agree with text and bytes."
    UNIQUE = "unique", "No key occurs twice in a table."
    SOURCE_IDS = "slugs", "`source` and `source_id` belong together, one to one."
    FILES_HAVE_POST = (
        "posts_there",
        "Each file with outcome `post` has its post, and no two files have the same one.",
    )
    POSTS_HAVE_FILE = "posts_told", "The file that a post names is in `files`, with the same content."
    BLOBS_STORED = "contents_held", "The bytes of each post file and of each version are in `raw`."
    DUPLICATES = "duplicates", "Each duplicate names another file of its post."
    EVENTS = "events", "The last event of each file is the content that `files` has, or that it is gone."
    INTERVALS = "intervals", "The versions of a post neither overlap nor contradict each other."
    RUNS = "runs", "Each run is balanced, and the versions that it recorded exist."
    TEMPLATES = "templates", "Each template belongs to a source that has files or posts."
    CLEANED = "cleaned", "Each post was cleaned with the newest template of its source."


class Granularity(StrEnum):
    """Period of one partition of posts. The partition column has the same name."""

    MONTH = "month"
    YEAR = "year"
    DAY = "day"


class PeriodOption(StrEnum):
    """Period of one partition of a new lake, as a user gives it."""

    AUTO = "auto"
    MONTH = "month"
    YEAR = "year"
    DAY = "day"

    @property
    def granularity(self) -> Granularity | None:
        """The period; None if the first posts decide."""
        return None if self is PeriodOption.AUTO else Granularity(self.value)


class PageLanguage(StrEnum):
    """Language of a report."""

    ZH = "zh"
    EN = "en"


class HtmlParser(StrEnum):
    """An HTML parser."""

    LEXBOR = "lexbor"
    BEAUTIFULSOUP = "beautifulsoup"


DEFAULT_PARSER = HtmlParser.LEXBOR


class Executor(StrEnum):
    """What runs the tasks of a run: processes of this machine, or the workers of a Dask cluster."""

    LOCAL = "local"
    DASK = "dask"
