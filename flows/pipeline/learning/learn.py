"""Learn the boilerplate of sources: from a sample of files before a first ingest, from the lake afterwards."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack

import polars as pl

from flows.pipeline.execution.read import contents_of
from flows.pipeline.planning.diff import FOUND
from flows.pipeline.planning.plan import Plan
from flows.pipeline.progress import tell
from flows.pipeline.reporting.alarms import Alarm
from flows.pipeline.reporting.results import Learned
from flows.pipeline.sources.base import VanishedError
from flows.pipeline.workers.pool import Workers, Workshop, handfuls
from lake.batch import Run
from lake.store import Lake
from lake.tables import files as files_table
from lake.tables import templates
from posts.boilerplate.learn import LEAST_POSTS, Pattern, Specimen, learn
from posts.boilerplate.template import KINDS, NOTHING, Template
from posts.parse import Templates
from posts.sources.files import File
from posts.text.whitespace import bare
from posts.worker import Task, examples
from schemas.enums import AlarmKind

# A first ingest of fewer files learns nothing before it reads them; `postlake learn` does afterwards.
WORTH_LEARNING = 200
# Files looked at before a first ingest, and posts of one source: enough to see what one in a hundred shares.
SAMPLE_FILES, SAMPLE_POSTS = 8_000, 2_000
# A template learned from fewer posts of a source than this is learned again once all are loaded.
ENOUGH_POSTS = 100
SAMPLE_BYTES = 96 * 1024 * 1024
# files or posts whose bytes are read at a time
AT_ONCE = 4_000
# A source whose template was found in so many of the posts before, and in under half as many of the new ones.
USUAL, LEAST_BEFORE, LEAST_NEW = 0.5, 30, 30
# One text in so many of a source's posts is a mistake, an attack, or a channel without descriptions.
MOSTLY_ONE_TEXT = 0.5
PATTERNS = {
    "source_id": pl.String, "version": pl.Int32, "kind": pl.String, "pattern": pl.String, "posts": pl.Int64,
    "learned_from": pl.Int64,
}  # fmt: skip


def in_force(lake: Lake) -> Templates:
    """Return the templates of a lake by source_id."""
    versions = templates.newest_templates(lake).partition_by("source_id", "version", as_dict=True)
    return {
        str(source_id): Template.of(int(version), rows.select("kind", "pattern").iter_rows())
        for (source_id, version), rows in versions.items()
    }


def learn_first(lake: Lake, run: Run, plan: Plan, shop: Workshop) -> list[Learned]:
    """Learn from a sample of the files of a plan what recurs over the sources that have no template yet."""
    if plan.todo.height < WORTH_LEARNING:
        return []
    steps = plan.todo.height / SAMPLE_FILES, float(plan.todo["size"].sum()) / SAMPLE_BYTES, 1.0
    files = [File(*row) for row in plan.todo.gather_every(math.ceil(max(steps))).select(*FOUND).iter_rows()]
    known = set(templates.newest_templates(lake)["source_id"])
    by_source = defaultdict[str, list[Specimen]](list)
    for specimen in _specimens(_read(plan, files), shop, sum(file.size for file in files)):
        if specimen.source_id not in known:
            by_source[specimen.source_id].append(specimen)
    enough = {source: posts for source, posts in sorted(by_source.items()) if len(posts) >= LEAST_POSTS}
    learned = [_learned(source_id, None, posts, []) for source_id, posts in enough.items()]
    return _written(lake, run, learned)


def learn_lake(
    lake: Lake, run: Run, shop: Workshop, sources: Sequence[str] = (), *, anew: bool = False
) -> list[Learned]:
    """Learn what recurs over the posts of a lake, of the sources with posts that their template has not seen.

    Of `sources` where some are named, whether their templates have seen all or not. What a source's last version
    holds stays in the next, unless it is learned `anew`.
    """
    rows = templates.sources_with_new_posts(lake, include_all=anew or bool(sources)).filter(
        pl.col("posts") >= LEAST_POSTS
    )
    rows = rows.filter(pl.col("source_id").is_in(list(sources))) if sources else rows
    known, learned = in_force(lake), list[tuple[Learned, pl.DataFrame]]()
    for some in _shares(rows):
        examined = _of_lake(lake, shop, some)
        for source_id in some["source_id"]:
            learned.append(_learned(source_id, known.get(source_id), *examined[source_id], anew=anew))
            tell("learn", len(learned), rows.height)
    return _written(lake, run, learned)


def learn_thin(lake: Lake, run: Run, shop: Workshop, *, is_large: bool) -> list[Learned]:
    """Learn of the sources whose template was learned in an older way.

    After a large load also of those that have none, or one learned from few of their posts.
    """
    thin = templates.undertrained_sources(lake, ENOUGH_POSTS if is_large else 0, KINDS)
    return learn_lake(lake, run, shop, thin) if thin else []


def told(learned: Iterable[Learned]) -> list[Alarm]:
    """Return what should be looked at."""
    return [alarm for each in learned for alarm in each.alarms]


def _shares(rows: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """Cut sources into shares whose posts are looked at together."""
    looked_at = pl.col("posts").clip(upper_bound=SAMPLE_POSTS)
    yield from rows.with_columns(share=looked_at.cum_sum() // AT_ONCE).partition_by(
        "share", maintain_order=True
    )


def _of_lake(
    lake: Lake, shop: Workshop, rows: pl.DataFrame
) -> dict[str, tuple[list[Specimen], list[Specimen]]]:
    """Return the posts of some sources to learn from: those that their templates have seen, and the others."""
    sample = templates.sample_posts(lake, rows, SAMPLE_POSTS)
    contents = files_table.contents(lake, sample["blob"])
    examined: dict[str, tuple[list[Specimen], list[Specimen]]] = {
        source_id: ([], []) for source_id in rows["source_id"]
    }
    for is_new, files in sample.partition_by("is_new", as_dict=True).items():
        found = [File(*row) for row in files.select(templates.FILE_COLUMNS).iter_rows()]
        tasks = [Task(file, contents[str(file.blob)]) for file in found if file.blob in contents]
        for specimen in _specimens(tasks, shop, sum(len(content) for content in contents.values())):
            # a post that this version of postlake would place elsewhere waits for an ingest of its file
            if specimen.source_id in examined:
                examined[specimen.source_id][is_new[0]].append(specimen)
    return examined


def _learned(
    source_id: str,
    before: Template | None,
    seen: list[Specimen],
    unseen: list[Specimen],
    *,
    anew: bool = False,
) -> tuple[Learned, pl.DataFrame]:
    """Learn from the posts of a source; give what was learned, and the rows of its next version if there is one."""
    specimens = [*seen, *unseen]
    patterns = learn(specimens)
    known = set(before.patterns) if before is not None else set[tuple[str, str]]()
    found = {(each.kind, each.pattern) for each in patterns}
    kept = set[tuple[str, str]]() if anew else known - found
    changed = _changed(source_id, before, seen, unseen) if before is not None else None
    alarms = tuple(filter(None, [_one_text(source_id, specimens), changed]))
    number, new = len(found | kept), len(found - known)
    if before is not None and found | kept == known and not before.is_older:
        return Learned(source_id, before.version, number, 0, len(specimens), alarms), _rows([])
    version = before.version + 1 if before is not None else 1
    full = [*patterns, *(Pattern(*each, 0) for each in sorted(kept))] or [Pattern(NOTHING, "", 0)]
    rows = [(source_id, version, each.kind, each.pattern, each.posts, len(specimens)) for each in full]
    return Learned(source_id, version, number, new, len(specimens), alarms, is_new=True), _rows(rows)


def _rows(rows: list[tuple[str, int, str, str, int, int]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=PATTERNS, orient="row")


def _written(lake: Lake, run: Run, learned: list[tuple[Learned, pl.DataFrame]]) -> list[Learned]:
    """Write all new versions in one commit."""
    rows = pl.concat([_rows([]), *(rows for _, rows in learned)])
    if not rows.is_empty():
        templates.write(lake, rows, run)
    return [told for told, _ in learned]


def _changed(source_id: str, before: Template, seen: list[Specimen], unseen: list[Specimen]) -> Alarm | None:
    """Tell of a source whose posts no longer hold what its template knows."""
    if len(seen) < LEAST_BEFORE or len(unseen) < LEAST_NEW or not any(before.patterns):
        return None
    usual, now = (sum(_is_known(each, before) for each in part) / len(part) for part in (seen, unseen))
    if usual < USUAL or now * 2 >= usual:
        return None
    text = f"{source_id}: layout changed: its template was found in {usual:.0%} of the posts before and in {now:.0%} of {len(unseen)} new ones"
    return Alarm(AlarmKind.LAYOUT, text, source_id, {"before": usual, "now": now, "posts": len(unseen)})


def _is_known(specimen: Specimen, template: Template) -> bool:
    """Tell whether a post holds some pattern of a template."""
    return bool(template.covered(specimen.body)) or any(
        bare(text) in template.blocks for text, *_ in specimen.blocks
    )


def _one_text(source_id: str, specimens: list[Specimen]) -> Alarm | None:
    bodies = Counter(specimen.body for specimen in specimens if specimen.body)
    body, times = bodies.most_common(1)[0] if bodies else ("", 0)
    if times < LEAST_BEFORE or times < MOSTLY_ONE_TEXT * len(specimens):
        return None
    text = f"{source_id}: one text stands in {times} of {len(specimens)} posts: {body[:60]!r}"
    return Alarm(AlarmKind.ONE_TEXT, text, source_id, {"posts": times, "of": len(specimens)})


def _read(plan: Plan, files: list[File]) -> Iterator[Task]:
    for start in range(0, len(files), AT_ONCE):
        some = files[start : start + AT_ONCE]
        for file, content in zip(some, contents_of(plan, some, {}), strict=True):
            # a folder that has vanished is told by the stage that reads all of it
            if not isinstance(content, VanishedError):
                yield Task(file, content)


def _specimens(tasks: Iterable[Task], shop: Workshop, size_bytes: int) -> Iterator[Specimen]:
    with ExitStack() as stack:
        workers = Workers(shop, stack)
        workers.expect(size_bytes)
        for answer in [workers.begin(examples, handful) for handful in handfuls(tasks)]:
            for specimens in answer():
                yield from specimens
