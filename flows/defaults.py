"""What a flow's form shows first: the lake and its sources, as the environment names them."""

import os
import shlex

LAKE = os.environ.get("POSTLAKE_LAKE") or "data/lake"
# several places as a shell would part them
SOURCES = shlex.split(os.environ.get("POSTLAKE_SOURCES") or "examples/posts")
