"""Schema of backfill plans: the files of a plan and their expected outcomes."""

from schemas.posts import number, string
from schemas.validation import dy


class BackfillPlanFile(dy.Schema):
    """One row per file of a plan, in the order in which they are read."""

    origin = string("The folder, repository, archive or bucket that holds the file.")
    path = string("Path of the file within `origin`.")
    size = number("Size of the file.", "bytes")
    mtime_ns = number(
        "Time of modification, since 1970, UTC.", "nanoseconds", null="the file is in a repository"
    )
    etag = string("ETag of the object, as in `files`.", null="the file is not in an object store")
    blob = string("Git blob id of the bytes.", null="the bytes could not be read")
    from_raw = dy.Bool(description="True where the bytes come from `raw` and not from the source.")
    why = string("Why the file is in the plan.")
    outcome = string("Expected outcome, as in `files`.")
    reason = string("Expected reason, as in `files`.", null="as in `files`")
    detail = string("Expected detail, as in `files`.", null="as in `files`")
    post_id = string("Expected post, as in `files`.", null="as in `files`")
    source_id = string("Expected source, as in `files`.", null="as in `files`")
    period = string(
        "Partition of the expected post, as `2024-03`.", null="the file is expected to be no post"
    )
