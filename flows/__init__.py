"""What runs, and when. The only room that sees both ends, and the only one that knows Prefect."""

import os

# Read by Prefect and the allocators when they are first imported; whoever sets one of these in the environment is obeyed.
os.environ.setdefault("DO_NOT_TRACK", "1")
os.environ.setdefault("PREFECT_SERVER_ANALYTICS_ENABLED", "false")
os.environ.setdefault("PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT", "false")
# a small machine needs 15 s to start the embedded API, and Prefect gives up after 20
os.environ.setdefault("PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS", "120")
# jemalloc, in Polars and delta-rs: give freed pages back after 200 ms, not after ten seconds
os.environ.setdefault("_RJEM_MALLOC_CONF", "dirty_decay_ms:200,muzzy_decay_ms:0")
