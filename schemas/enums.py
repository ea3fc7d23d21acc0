"""The closed word lists of postlake: outcomes, reasons, warnings and choices."""

from enum import StrEnum


class Outcome(StrEnum):
    """What became of a file that was found."""

    POST = "post"
    DUPLICATE = "duplicate"
    REJECTED = "rejected"
    IGNORED = "ignored"


class Reason(StrEnum):
    """Why a file is not a post. A row that breaks a rule of `schemas.posts.Posts` carries the rule's name."""

    # ignored: never meant to be a post
    EMPTY = "empty_file"
    NO_FRONT_MATTER = "no_front_matter"
    NOT_A_FILE = "not_a_file"
    SUBMODULE = "submodule"
    # rejected: a post that cannot be read as one
    UNREADABLE = "unreadable"
    SYMLINK = "link"
    UNSAFE_PATH = "unsafe_path"
    ENCRYPTED = "encrypted"
    LFS_POINTER = "lfs_pointer"
    TOO_LARGE = "too_large"
    FENCE_NOT_CLOSED = "front_matter_not_closed"
    NOT_A_MAPPING = "front_matter_not_a_mapping"
    BROKEN_FRONT_MATTER = "front_matter_broken"
    HOSTILE_FRONT_MATTER = "front_matter_hostile"
    LARGE_FRONT_MATTER = "front_matter_too_large"
    NO_TITLE = "no_title"
    NO_DATE = "no_date"
    # rejected: a fault of the code, not of the file; tried again when the code is another
    PARSER_ERROR = "parser_error"
    PARSER_CRASHED = "parser_crashed"
    PARSER_TIMEOUT = "parser_timeout"


# what other code may well read
PARSER_FAULTS = frozenset({Reason.PARSER_ERROR, Reason.PARSER_CRASHED, Reason.PARSER_TIMEOUT})


class ParseWarning(StrEnum):
    """What was repaired or guessed while a file was read; kept on the row in `warnings`."""

    NOT_UTF8 = "decoded_from_another_encoding"
    MIXED_ENCODINGS = "lines_decoded_from_another_encoding"
    BAD_BYTES = "undecodable_bytes_replaced"
    NUL_BYTES = "nul_bytes_removed"
    MOJIBAKE = "mojibake_repaired"
    LOST_CHARACTERS = "characters_lost_before_this_file"
    FRONT_MATTER_SALVAGED = "front_matter_salvaged"
    BAD_DATE = "date_not_understood"
    NAIVE_DATE = "date_without_zone_taken_as_utc"
    CRAWL_DATE = "date_is_crawl_time"
    TITLE_FROM_HEADER = "title_from_header"
    TITLE_FROM_FILE_NAME = "title_from_file_name"
    TITLE_FROM_URL = "title_from_url"
    BAD_URL = "url_not_understood"
    NO_SOURCE = "source_unknown"
    DEEPLY_NESTED = "deeply_nested_html"
    MOSTLY_CUT = "mostly_cut"
    NOT_CLEANED_AGAIN = "not_cleaned_again"


class AlarmKind(StrEnum):
    """What a person should look at after a run, and what it is about; the names of Prefect events end in it."""

    SOURCE_SILENT = "source.silent"
    BOILERPLATE = "source.boilerplate"
    LAYOUT = "source.layout"
    ONE_TEXT = "source.one_text"
    SOURCE_REJECTS = "source.rejects"
    REJECTS = "run.rejects"
    MOSTLY_CUT = "run.mostly_cut"
    UNBALANCED = "run.unbalanced"
    MANY_NOT_POSTS = "run.many_not_posts"
    MANY_DUPLICATES = "run.many_duplicates"
    SOURCE_SHRANK = "run.source_shrank"
    SOURCE_VANISHED = "run.source_vanished"
    PARSER_ERRORS = "run.parser_errors"


class BackfillMode(StrEnum):
    """Which files of its range a backfill reads."""

    MISSING = "missing"
    FAILED = "failed"
    ALL = "all"


class Check(StrEnum):
    """What `verify` holds a lake against."""

    FILES_EXIST = "files_there"
    READABLE = "readable"
    ROW_COUNTS = "row_counts"
    STATISTICS = "statistics"
    RULES = "rules"
    PARTITIONS = "partitions"
    HASHES = "hashes"
    UNIQUE = "unique"
    SOURCE_IDS = "slugs"
    FILES_HAVE_POST = "posts_there"
    POSTS_HAVE_FILE = "posts_told"
    BLOBS_STORED = "contents_held"
    DUPLICATES = "duplicates"
    INTERVALS = "intervals"
    RUNS = "runs"
    TEMPLATES = "templates"
    CLEANED = "cleaned"


class Granularity(StrEnum):
    """The period of one partition of posts; the partition column is named after it."""

    MONTH = "month"
    YEAR = "year"
    DAY = "day"


class PageLanguage(StrEnum):
    """A language that the words of a report are written in."""

    ZH = "zh"
    EN = "en"


class HtmlParser(StrEnum):
    """An HTML parser."""

    LEXBOR = "lexbor"
    BEAUTIFULSOUP = "beautifulsoup"
