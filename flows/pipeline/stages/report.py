"""The last stage of a run: its counts are checked against the committed ledger, and recorded."""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from flows.pipeline.execution.vanished import Vanished
from flows.pipeline.reporting import alarms
from flows.pipeline.reporting.account import (
    Summary,
    UnbalancedError,
    as_row,
    imbalance_alarms,
    outcome_counts,
)
from flows.pipeline.reporting.alarm import MIN_NEW_POSTS, Alarm
from flows.pipeline.reporting.new_files import few_posts_alarms
from flows.pipeline.reporting.passed_over import count_passed_over, passed_over_alarms
from flows.pipeline.reporting.results import LearnedTemplate, RecleanResult
from flows.pipeline.stages.load import Found, LearnOutput, OpenRun, ReadOutput
from lake.batch import KEY, no_deletions
from lake.tables import files as files_table
from lake.tables import runs


@dataclass(frozen=True, slots=True)
class Round:
    """What the report needs to know of a change that was read, learned from and written."""

    bytes_read: int
    unread: pl.DataFrame
    period_note: str
    learned: Sequence[LearnedTemplate]

    @classmethod
    def of(cls, read: ReadOutput, learned: LearnOutput) -> "Round":
        return cls(read.heads.bytes_read, read.heads.vanished, read.period_note, learned.learned)


def report(opened: OpenRun, found: Found, rounds: Sequence[Round], recleaned: RecleanResult) -> Summary:
    """Check the counts of the run against the committed `files` table, record it, and return the summary.

    Raises UnbalancedError where the counts do not add up; the run is recorded nevertheless.
    """
    lake, plan = opened.lake, found.plan
    unread = pl.concat([no_deletions().select(KEY), *(each.unread for each in rounds)])
    vanished = Vanished(found.vanished_origins | {*unread["origin"]}, unread)
    summary = _build_summary(opened, found, rounds, vanished)
    summary.alarms = [
        *imbalance_alarms(summary),
        *(
            alarms.shrunken_source_alarm(each.origin, each.lost_posts, each.posts)
            for each in plan.shrunken_sources
        ),
        *map(alarms.vanished_source_alarm, sorted(vanished.origins)),
        *_find_alarms(opened, found, summary, rounds, recleaned),
    ]
    checkpoints = plan.checkpoints_during(found.checkpoints)
    if summary.balanced:
        checkpoints = plan.checkpoints_after(found.checkpoints, excluding=vanished.origins)
    summary.versions = runs.record(
        lake, as_row(summary, opened.run) | {"marks": runs.dump_checkpoints(checkpoints)}
    )
    if not summary.balanced:
        raise UnbalancedError(summary)
    return summary


def _find_alarms(
    opened: OpenRun, found: Found, summary: Summary, rounds: Sequence[Round], recleaned: RecleanResult
) -> list[Alarm]:
    """Return the alarms of the run. Posts are not compared if the run wrote none."""
    lake, run, is_reparse = opened.lake, opened.run, found.plan.is_reparse
    has_written_posts = lake.table("posts").version() != opened.posts_version
    compared_posts = summary.posts + recleaned.posts if opened.posts_version else 0
    failures = [*files_table.parser_failures(lake, run.run_id), *recleaned.failed]
    learned = {each.source_id: each for change in rounds for each in change.learned}
    return [
        *alarms.parser_error_alarms(failures),
        *alarms.run_reject_alarms(lake, run, summary.kind, summary.origins, outcome_counts(summary)),
        *([] if is_reparse or not summary.rejected else alarms.source_reject_alarms(lake, run)),
        *([] if is_reparse else few_posts_alarms(lake, run)),
        *passed_over_alarms(summary),
        *(alarm for each in learned.values() for alarm in each.alarms),
        *(alarms.boilerplate_drift_alarms(lake, run) if compared_posts >= MIN_NEW_POSTS else []),
        *(alarms.mostly_cut_alarms(lake, run) if has_written_posts else []),
        *alarms.silent_source_alarms(lake, run, summary.origins),
    ]


def _build_summary(opened: OpenRun, found: Found, rounds: Sequence[Round], vanished: Vanished) -> Summary:
    """Return the counts of the run, without alarms."""
    lake, run_id, plan = opened.lake, opened.run.run_id, found.plan
    withheld_deletions = vanished.count_withheld_deletions(lake, plan)
    scope = pl.DataFrame({"origin": plan.origins}, {"origin": pl.String})
    outcome_by_name = files_table.count_outcomes(lake, run_id, scope if plan.scope is None else plan.scope)
    if plan.scope is None:
        unchanged = files_table.count_not_read_by(lake, plan.origins, run_id) - plan.withheld_deletions
    else:
        unchanged = files_table.live_rows(lake, plan.scope).filter(pl.col("run_id") != run_id).height
    return Summary(
        run_id=run_id,
        kind=plan.kind,
        origins=plan.origins,
        found=plan.file_count - vanished.count_unknown(lake),
        unchanged=unchanged - withheld_deletions,
        posts=outcome_by_name["post"],
        duplicates=outcome_by_name["duplicate"],
        rejected=outcome_by_name["rejected"],
        ignored=outcome_by_name["ignored"],
        gone=plan.deleted.height - withheld_deletions,
        moved=plan.moved,
        resumed=opened.resumed,
        bytes_read=sum(each.bytes_read for each in rounds),
        seconds=opened.timer.seconds,
        stage_seconds=opened.timer.stage_seconds,
        reasons=files_table.count_reasons(lake, run_id),
        heads=plan.commit_ids,
        as_of={origin: time.isoformat() for origin, time in plan.effective_times.items()},
        plan_id=plan.plan_id,
        period_note=next((each.period_note for each in rounds if each.period_note), ""),
        passed_over=count_passed_over(plan.sources) if plan.scope is None else {},
    )
