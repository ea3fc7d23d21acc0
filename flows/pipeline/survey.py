"""What an ingest would make of sources: reads heads, and the bodies of a few posts. Writes nothing."""

import json
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace

import polars as pl

from flows.pipeline.execution.sample import parse_sample
from flows.pipeline.execution.sample_worker import SampleTask, no_sample
from flows.pipeline.lake_settings.apply import load_parse_settings
from flows.pipeline.options import SurveyOptions
from flows.pipeline.progress import report_progress
from flows.pipeline.reporting.passed_over import TEXT_ENDINGS, count_passed_over
from flows.pipeline.sources.base import Source
from flows.pipeline.sources.resolve import SourceOpener
from flows.pipeline.survey_lines import draft_places, survey_lines
from flows.pipeline.workers.context import ParseContext, create_parse_context, with_worker_pool
from lake.batch import KEY
from lake.period import PeriodChoice, choose_period
from lake.storage.location import parse_location
from lake.store import Lake, open_lake
from lake.tables import files as files_table
from posts.settings import FieldMapping, ParseSettings
from posts.sources.files import SourceFile
from schemas.enums import Outcome, ParseWarning, Reason

# so many files are parsed whole, for the languages of posts
LANGUAGE_SAMPLE_FILES = 400
# starting a pool takes longer than parsing the heads of fewer files
MIN_POOL_FILES = 100_000
MAX_EXAMPLES = 3
_ENDING = pl.col("path").str.extract(r"(\.[^./]+)$").str.to_lowercase()


@dataclass(frozen=True, slots=True)
class Survey:
    """What an ingest would make of the files that were read.

    `origins` has the columns origin, found, read and posts, and new for a lake (files that it does not have), the other frames a column of values and how many files or posts
    have each. `refused` has a row for each reason, with examples. `period` is None without posts.
    `keys` are those of lines of JSON (survey_lines.KEY_SCHEMA), `mappings` by origin what those may be that are not known.
    """

    origins: pl.DataFrame
    outcomes: pl.DataFrame
    endings: pl.DataFrame
    formats: pl.DataFrame
    dates: pl.DataFrame
    sources: pl.DataFrame
    languages: pl.DataFrame
    warnings: pl.DataFrame
    refused: pl.DataFrame
    period: PeriodChoice | None
    passed_over: pl.DataFrame
    keys: pl.DataFrame
    mappings: dict[str, FieldMapping]


def survey(options: SurveyOptions) -> Survey:
    """Return what an ingest would make of sources. Raises SourceError for one that cannot be opened."""
    lake = open_lake(parse_location(options.lake)) if options.lake else None
    settings = load_parse_settings(lake) if lake else ParseSettings()
    with ExitStack() as stack:
        opener = SourceOpener(stack, subpath=options.path, worktree=options.worktree, settings=settings)
        sources = opener.open(options.sources)
        listed = [sorted(source.list_files(), key=lambda file: file.path) for source in sources]
        samples = [_spread(files, options.files) for files in listed]
        context = create_parse_context(options.workers)
        context = replace(context, config=replace(context.config, settings=settings))
        is_large = context.workers > 1 and sum(map(len, samples)) >= MIN_POOL_FILES
        context = with_worker_pool(context, stack, start_now=is_large)
        files, languages = _parse(sources, samples, context)
        keys, mappings = survey_lines(sources, samples, settings)
    posts = files.filter(pl.col("outcome") == Outcome.POST)
    origins = pl.DataFrame(
        {
            "origin": [source.origin for source in sources],
            "found": list(map(len, listed)),
            "read": list(map(len, samples)),
        }
    ).join(posts.group_by("origin").agg(posts=pl.len()), on="origin", how="left", maintain_order="left")
    origins = origins.with_columns(pl.col("posts").fill_null(0))
    if lake:
        origins = origins.with_columns(
            pl.Series("new", [_count_new(lake, each) for each in listed], pl.Int64)
        )
    return Survey(
        origins,
        _counts(files, "outcome", "files"),
        _counts(files.with_columns(ending=_ENDING), "ending", "files"),
        _counts(posts, "format", "posts"),
        _counts(posts, "date_from", "posts"),
        posts.group_by("source")
        .agg(
            posts=pl.len(),
            first=pl.col("published_at").min().dt.date(),
            last=pl.col("published_at").max().dt.date(),
        )
        .sort(["posts", "source"], descending=[True, False]),
        _counts(
            pl.DataFrame({"language": languages}, {"language": pl.String}),
            "language",
            "posts read whole",
        ),
        _counts(
            posts.explode("warnings").drop_nulls("warnings").rename({"warnings": "warning"}),
            "warning",
            "posts",
        ),
        _refused(files),
        _period(posts, origins),
        _passed_over(sources),
        keys,
        mappings,
    )


def _parse(
    sources: Sequence[Source], samples: Sequence[Sequence[SourceFile]], context: ParseContext
) -> tuple[pl.DataFrame, list[str]]:
    """Return the rows of files (see SampleChunk), and the languages of the posts that were parsed whole."""
    rows, languages = [no_sample()], list[str]()
    total, done = sum(map(len, samples)), 0
    stride = max(1, total // LANGUAGE_SAMPLE_FILES)
    for source, sample in zip(sources, samples, strict=True):
        tasks = [SampleTask(file, index % stride == 0) for index, file in enumerate(sample)]
        for count, chunk in parse_sample(source, tasks, context):
            rows.append(chunk.rows)
            languages += chunk.languages
            done += count
            report_progress("survey", done, total)
    return pl.concat(rows), languages


def _count_new(lake: Lake, files: Sequence[SourceFile]) -> int:
    """Return how many files of a source a lake does not have."""
    keys = pl.DataFrame([file[:2] for file in files], dict.fromkeys(KEY, pl.String), orient="row")
    return keys.height - files_table.live_files_at(lake, keys).height


def _spread(files: Sequence[SourceFile], most: int) -> Sequence[SourceFile]:
    """Return at most so many files, evenly spread; 0: all."""
    if not most or len(files) <= most:
        return files
    return [files[at * len(files) // most] for at in range(most)]


def _counts(rows: pl.DataFrame, column: str, counted: str) -> pl.DataFrame:
    """Return how many rows have each value of a column, the most frequent first."""
    return (
        rows.group_by(column).agg(pl.len().alias(counted)).sort([counted, column], descending=[True, False])
    )


def _passed_over(sources: Sequence[Source]) -> pl.DataFrame:
    counts = count_passed_over(sources)
    return pl.DataFrame(
        {"ending": list(counts), "files passed over": list(counts.values())},
        {"ending": pl.String, "files passed over": pl.Int64},
    )


def _refused(files: pl.DataFrame) -> pl.DataFrame:
    """Return the reasons for which files are no posts, how many have each, and examples."""
    example = pl.concat_str(
        "path", pl.lit(": ") + pl.col("detail").fill_null(""), ignore_nulls=True
    ).str.strip_suffix(": ")
    refused = files.filter(pl.col("reason").is_not_null())
    return (
        refused.group_by("outcome", "reason")
        .agg(files=pl.len(), examples=example.head(MAX_EXAMPLES))
        .sort(["files", "reason"], descending=[True, False])
    )


def _period(posts: pl.DataFrame, origins: pl.DataFrame) -> PeriodChoice | None:
    """Return the period that `auto` would choose, as if the files that were not read were like the others."""
    if posts.is_empty():
        return None
    found, read = origins.select(pl.sum("found", "read")).row(0)
    unique_posts = posts.unique("post_id").select("source_id", "published_at", "body_bytes")
    return choose_period(pl.concat([unique_posts] * max(1, round(found / read))))


def draft_settings(survey: Survey) -> str:
    """Return a `postlake.toml` to start with: the sources and period of a survey, and what there is to decide."""
    warnings, reasons = dict(survey.warnings.rows()), dict(survey.refused.select("reason", "files").rows())
    texts = survey.passed_over.filter(pl.col("ending").is_in(TEXT_ENDINGS))
    single_post_sources = survey.sources.filter(pl.col("posts") == 1).height
    lines = [
        "# postlake.toml, for the folder of the lake; `postlake settings --example` explains every setting",
        *_choice(
            warnings.get(ParseWarning.NAIVE_DATE, 0),
            "posts have a date without a time zone: which is it?",
            'time_zone = "Asia/Shanghai"',
        ),
        *_choice(
            int(texts["files passed over"].sum()),
            "text files are passed over by their endings: are they posts?",
            f"endings = {json.dumps(texts['ending'].to_list())}",
        ),
        *_choice(reasons.get(Reason.DRAFT, 0), "drafts are left out", 'drafts = "keep"'),
        *_choice(
            single_post_sources if single_post_sources > survey.sources.height / 2 else 0,
            "sources have one post: does a category, or the author, name them?",
            'source_name = ["site", "repository"]',
        ),
        "",
        "[run]",
        f"sources = {json.dumps(survey.origins['origin'].to_list(), ensure_ascii=False)}",
        *([f'period = "{survey.period.period}"'] if survey.period else []),
        *draft_places(survey.mappings),
    ]
    return "\n".join(lines)


def _choice(count: int, question: str, setting: str) -> list[str]:
    return ["", f"# {count:,} {question}", f"# {setting}"] if count else []
