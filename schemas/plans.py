"""Schema of backfill plans: the files of a plan and their expected outcomes."""

from schemas.posts import NULL, UNIT, null_means
from schemas.validation import dy


class BackfillPlanFile(dy.Schema):
    """One row per file of a plan, in the order in which they are read."""

    origin = dy.String(description="The folder, repository or archive that holds the file.")
    path = dy.String(description="Path of the file within `origin`.")
    size = dy.Int64(description="Size of the file.", metadata={UNIT: "bytes"})
    mtime_ns = dy.Int64(
        nullable=True,
        description="Time of modification, since 1970, UTC.",
        metadata={UNIT: "nanoseconds", NULL: "the file is in a repository"},
    )
    blob = dy.String(
        nullable=True,
        description="Git blob id of the bytes.",
        metadata=null_means("the bytes could not be read"),
    )
    from_raw = dy.Bool(description="True where the bytes come from `raw` and not from the source.")
    why = dy.String(description="Why the file is in the plan.")
    outcome = dy.String(description="Expected outcome, as in `files`.")
    reason = dy.String(
        nullable=True, description="Expected reason, as in `files`.", metadata=null_means("as in `files`")
    )
    detail = dy.String(
        nullable=True, description="Expected detail, as in `files`.", metadata=null_means("as in `files`")
    )
    post_id = dy.String(
        nullable=True, description="Expected post, as in `files`.", metadata=null_means("as in `files`")
    )
    source_id = dy.String(
        nullable=True, description="Expected source, as in `files`.", metadata=null_means("as in `files`")
    )
    period = dy.String(
        nullable=True,
        description="Partition of the expected post, as `2024-03`.",
        metadata=null_means("the file is expected to be no post"),
    )
