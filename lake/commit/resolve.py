"""Resolve a batch against the ledger (table `files`): elect the files of posts, compute the ledger rows."""

import datetime as dt
from dataclasses import dataclass

import polars as pl

from lake.batch import CONTENT_KEY, KEY, Batch
from lake.commit.election import ElectionLog, Event, EventReplay, FileColumns
from lake.store import Lake
from lake.tables.files import IS_LIVE
from schemas.enums import Outcome, Reason
from schemas.keys import post_id_at
from schemas.tables import schema_of

# columns that come from the content of a file; a post_id that depends on the path is computed again
CONTENT_COLUMNS = [
    "outcome",
    "reason",
    "field",
    "detail",
    "post_id",
    "source_id",
    "published_at",
    "body_bytes",
]


@dataclass(frozen=True, slots=True)
class Resolution:
    """Result of resolving a batch.

    `file_rows`: the ledger rows to write. `elections`: for each post that the batch touches, which row of
    `rows` is its elected file, and from when on (ELECTION_SCHEMA, in order of time; row is null where no file
    is). `rows`: the files of these posts before and after the batch. `partitions`: (post_id, source_id, date)
    where these posts are or will be stored, as far as the ledger and the batch say. `events`: the changes of
    files that the batch brings (EVENT_COLUMNS).
    """

    file_rows: pl.DataFrame
    elections: pl.DataFrame
    rows: pl.DataFrame
    partitions: pl.DataFrame
    events: pl.DataFrame

    def current_rows(self) -> pl.DataFrame:
        """Return the rows of the files that are elected at the end: one for each post that has a file."""
        last_elections = self.elections.group_by("post_id", maintain_order=True).agg(pl.col("row").last())
        return self.rows[last_elections["row"].drop_nulls()]


EVENT_COLUMNS = [*KEY, "at", "blob"]
ELECTION_SCHEMA = {
    "post_id": pl.String(),
    "effective_at": schema_of("files")["first_seen_at"],
    "row": pl.Int64(),
}


def complete_file_rows(lake: Lake, file_rows: pl.DataFrame) -> pl.DataFrame:
    """Return file rows in which no outcome is null: it is that of another file with the same content.

    A content is the blob and its name (`lake.content_name`). It is known if another row has it, or the ledger. A content
    without a URL is another post at another path. A row whose content is not known stays incomplete.
    """
    is_incomplete = pl.col("outcome").is_null()
    parsed_rows, incomplete_rows = file_rows.filter(~is_incomplete), file_rows.filter(is_incomplete)
    if incomplete_rows.is_empty():
        return file_rows
    stored_rows = _matching_rows(lake, ["blob"], incomplete_rows.select("blob").unique())
    stored_rows = stored_rows.sort("read_at", *KEY, descending=[True, False, False])
    known_contents = pl.concat(
        [
            rows.select(*CONTENT_COLUMNS, "blob", lake.content_name, known_origin="origin", known_path="path")
            for rows in (parsed_rows, stored_rows)
        ]
    )
    known_contents = known_contents.filter(pl.col("blob").is_not_null()).unique(
        CONTENT_KEY, keep="first", maintain_order=True
    )
    is_refused = pl.col("reason").is_not_null()
    known_contents = known_contents.with_columns(
        outcome=pl.when(is_refused).then("outcome").otherwise(pl.lit(Outcome.POST.value)),
        detail=pl.when(is_refused).then("detail"),
    )
    completed_rows = (
        incomplete_rows.drop(CONTENT_COLUMNS)
        .with_columns(lake.content_name)
        .join(known_contents, on=CONTENT_KEY, how="left", maintain_order="left")
    )
    return pl.concat([parsed_rows, _with_own_post_ids(completed_rows).select(file_rows.columns)])


def _with_own_post_ids(completed_rows: pl.DataFrame) -> pl.DataFrame:
    """Return files with the post ids for their own paths.

    They are computed from the ids of the same contents at other paths.
    """
    columns = completed_rows.select(*KEY, "post_id", "source_id", "known_origin", "known_path").iter_rows()
    post_ids = [
        None
        if post_id is None
        else post_id_at((origin, path), post_id, source_id, (known_origin, known_path))
        for origin, path, post_id, source_id, known_origin, known_path in columns
    ]
    return completed_rows.with_columns(pl.Series("post_id", post_ids, pl.String))


def resolve(lake: Lake, batch: Batch) -> Resolution:
    """Replay a batch with completed file rows on top of the ledger. Reads only the ledger, writes nothing."""
    keys = pl.concat([batch.file_rows.select(KEY), batch.deleted.select(KEY)]).unique()
    prior_rows = _matching_rows(lake, KEY, keys)
    post_ids = pl.concat([batch.file_rows["post_id"], prior_rows["post_id"]]).drop_nulls().unique().to_frame()
    related_rows = _matching_rows(lake, ["post_id"], post_ids).join(keys, on=KEY, how="anti")
    stored_rows = pl.concat([prior_rows, related_rows])
    live_rows = stored_rows.filter(IS_LIVE)
    rows = pl.concat([live_rows, _keep_last_known_post(batch.file_rows, live_rows)]).with_row_index("row")
    simple_rows = _uncontested_rows(rows, live_rows.height, prior_rows, batch.deleted)
    contested_rows = rows.join(simple_rows, on="row", how="anti").sort("row")
    election_log = _play(contested_rows, live_rows.height, batch.deleted)
    return Resolution(
        file_rows=pl.concat(
            [
                _changed_file_rows(contested_rows.drop("row"), prior_rows, live_rows.height, election_log),
                simple_rows.drop("row"),
            ]
        ),
        elections=pl.concat(
            [
                _election_frame(election_log, contested_rows["row"]),
                simple_rows.drop_nulls("post_id")
                .select("post_id", pl.col("row").cast(pl.Int64), effective_at="first_seen_at")
                .select(*ELECTION_SCHEMA),
            ]
        ),
        rows=rows.drop("row"),
        partitions=_post_partitions(pl.concat([stored_rows, batch.file_rows])),
        events=_events(prior_rows, batch),
    )


def _events(prior_rows: pl.DataFrame, batch: Batch) -> pl.DataFrame:
    """Return the changes of contents in a batch, without files that it reads again: EVENT_COLUMNS.

    A content that cannot be read is no change; what it was before, the ledger does not tell. A file that has turned into
    a link, say, has no content from then on.
    """
    is_unreadable = pl.col("reason").eq_missing(pl.lit(Reason.UNREADABLE.value))
    no_blob, unknown_blob = pl.lit(None, pl.String), pl.lit("")
    states = pl.concat(
        [
            prior_rows.filter(IS_LIVE).select(
                *KEY,
                blob=pl.when(is_unreadable).then(unknown_blob).otherwise("blob"),
                at="first_seen_at",
                order=pl.lit(0),
            ),
            batch.deleted.select(*KEY, blob=no_blob, at="gone_at", order=pl.lit(1)),
            batch.file_rows.filter(~is_unreadable).select(*KEY, "blob", at="first_seen_at", order=pl.lit(1)),
        ]
    )
    states = states.sort(*KEY, "order", "at", pl.col("blob").is_not_null())
    is_change = pl.col("blob").ne_missing(pl.col("blob").shift().over(KEY))
    return states.filter(is_change & (pl.col("order") == 1)).select(EVENT_COLUMNS)


def _uncontested_rows(
    rows: pl.DataFrame, live_count: int, prior_rows: pl.DataFrame, deleted: pl.DataFrame
) -> pl.DataFrame:
    """Return the new files that no other row concerns: neither of the same file nor of the same post."""
    is_alone = (pl.len().over(KEY) == 1) & (pl.col("post_id").is_null() | (pl.len().over("post_id") == 1))
    known_keys = pl.concat([prior_rows.select(KEY), deleted.select(KEY)])
    is_new = pl.col("row") >= live_count
    return rows.filter(is_new & is_alone).join(known_keys, on=KEY, how="anti")


def _election_frame(election_log: ElectionLog, row_numbers: pl.Series) -> pl.DataFrame:
    """Return the elections of a replay. It numbers the rows that it had; `row_numbers` are those in all rows."""
    elections = [
        (post_id, *election)
        for post_id, post_elections in election_log.elections.items()
        for election in post_elections
    ]
    frame = pl.DataFrame(elections, schema=ELECTION_SCHEMA, orient="row")
    return frame.with_columns(row=row_numbers.cast(pl.Int64).gather(frame["row"]))


def _matching_rows(lake: Lake, columns: list[str], values: pl.DataFrame) -> pl.DataFrame:
    """Return the ledger rows that match one of the values, deleted files included."""
    rows = lake.scan("files").select(schema_of("files").names())
    if lake.table("files").version() == 0 or values.is_empty():
        return rows.head(0).collect()
    return rows.join(values.lazy(), on=columns, how="semi").collect()


def _keep_last_known_post(file_rows: pl.DataFrame, live_rows: pl.DataFrame) -> pl.DataFrame:
    """Return file rows in which an unreadable file keeps the post that it had before."""
    last_posts = live_rows.select(*KEY, "post_id", "source_id", "published_at", "body_bytes")
    is_unreadable = pl.col("reason").eq_missing(pl.lit(Reason.UNREADABLE.value))
    unreadable_rows = file_rows.filter(is_unreadable).drop(last_posts.columns[len(KEY) :])
    completed_rows = unreadable_rows.join(last_posts, on=KEY, how="left").select(file_rows.columns)
    return pl.concat([file_rows.filter(~is_unreadable), completed_rows])


def _play(rows: pl.DataFrame, live_count: int, deleted: pl.DataFrame) -> ElectionLog:
    files = FileColumns.from_rows(rows)
    added_at = rows["first_seen_at"].to_list()
    additions: list[Event] = [(added_at[row], files.key[row], row) for row in range(live_count, rows.height)]
    deletions: list[Event] = [
        (deleted_at, (origin, path), None) for origin, path, deleted_at in deleted.iter_rows()
    ]
    return EventReplay(files, live_count).play([*deletions, *additions])


def _changed_file_rows(
    rows: pl.DataFrame, prior_rows: pl.DataFrame, live_count: int, election_log: ElectionLog
) -> pl.DataFrame:
    """Return the rows of added, changed and deleted files, and of files with another outcome or detail."""
    final_rows = _final_rows(rows, election_log)
    time_type = rows.schema["first_seen_at"]
    added = _key_frame(
        [(*key, added_at) for key, added_at in election_log.added_at.items()], added_at=time_type
    )
    elected_rows = _apply_elections(final_rows, rows, election_log)
    is_changed = (
        (pl.col("row") >= live_count)
        | pl.col("gone_at").is_not_null()
        | pl.col("outcome").ne_missing(pl.col("outcome_before"))
        | pl.col("detail").ne_missing(pl.col("detail_before"))
    )
    first_seen_at = pl.coalesce("seen_before", "added_at", "first_seen_at")
    return (
        elected_rows.filter(is_changed)
        .join(prior_rows.select(*KEY, seen_before="first_seen_at"), on=KEY, how="left")
        .join(added, on=KEY, how="left")
        .with_columns(first_seen_at=first_seen_at)
        .select(rows.columns)
    )


def _final_rows(rows: pl.DataFrame, election_log: ElectionLog) -> pl.DataFrame:
    """Return the last row of each file: `row`, its index in `rows`, and the columns of the ledger."""
    deletions = [(row, deleted_at) for row, deleted_at in election_log.deleted_rows.values()]
    index = [*election_log.live_rows.values(), *(row for row, _ in deletions)]
    deleted_at_values = [*[None] * len(election_log.live_rows), *(moment for _, moment in deletions)]
    deleted_at_column = pl.Series("gone_at", deleted_at_values, rows.schema["gone_at"])
    return rows[index].with_columns(deleted_at_column, row=pl.Series(index, dtype=pl.Int64))


def _apply_elections(final_rows: pl.DataFrame, rows: pl.DataFrame, election_log: ElectionLog) -> pl.DataFrame:
    """Set outcome and detail: one `post` per post, the other files `duplicate` of it.

    A deleted file has the outcome that it had before its deletion.
    """
    elected_rows = [
        _elected_row(election_log, *row) for row in final_rows.select("post_id", "gone_at").iter_rows()
    ]
    row_files = rows.select(chosen_origin="origin", chosen_path="path", chosen=pl.int_range(pl.len()))
    compared_rows = final_rows.with_columns(
        pl.Series("chosen", elected_rows, pl.Int64), outcome_before="outcome", detail_before="detail"
    ).join(row_files, on="chosen", how="left", maintain_order="left")
    duplicate_of = (
        pl.when(pl.col("origin") == pl.col("chosen_origin"))
        .then("chosen_path")
        .otherwise(pl.concat_str("chosen_origin", pl.lit("/"), "chosen_path"))
    )
    is_elected = pl.col("row") == pl.col("chosen")
    has_election = pl.col("chosen").is_not_null() & pl.col("reason").is_null()
    outcome = pl.when(is_elected).then(pl.lit(Outcome.POST.value)).otherwise(pl.lit(Outcome.DUPLICATE.value))
    detail = pl.when(~is_elected).then(pl.lit("of ") + duplicate_of)
    return compared_rows.with_columns(
        outcome=pl.when(has_election).then(outcome).otherwise("outcome"),
        detail=pl.when(has_election).then(detail).otherwise("detail"),
    )


def _elected_row(
    election_log: ElectionLog, post_id: str | None, deleted_at: dt.datetime | None
) -> int | None:
    elections = election_log.elections.get(post_id, ()) if post_id else ()
    return next(
        (row for effective_at, row in reversed(elections) if deleted_at is None or effective_at < deleted_at),
        None,
    )


def _key_frame(values: list[tuple[object, ...]], **column: pl.DataType) -> pl.DataFrame:
    return pl.DataFrame(values, schema={**dict.fromkeys(KEY, pl.String()), **column}, orient="row")


def _post_partitions(rows: pl.DataFrame) -> pl.DataFrame:
    """Return where the posts of these files may be stored: post_id, source_id, date."""
    return rows.select("post_id", "source_id", date=pl.col("published_at").dt.date()).drop_nulls().unique()
