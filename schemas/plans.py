"""The files of a backfill's plan, and what each of them is expected to become."""

import dataframely as dy


class BackfillPlanFile(dy.Schema):
    """One row per file, in the order in which they are read."""

    origin = dy.String()
    path = dy.String()
    size = dy.Int64(description="bytes")
    mtime_ns = dy.Int64(nullable=True)
    blob = dy.String(nullable=True, description="null where the bytes could not be read")
    from_raw = dy.Bool(description="read from the bytes that the lake keeps")
    why = dy.String(description="why the file is in the plan")
    outcome = dy.String(description="as in the ledger")
    reason = dy.String(nullable=True)
    detail = dy.String(nullable=True)
    post_id = dy.String(nullable=True)
    source_id = dy.String(nullable=True)
    period = dy.String(nullable=True, description="the partition of its post, as 2024-03")
    is_open = dy.Bool(
        description="post or duplicate: the length of its text decides, which a head does not tell"
    )
