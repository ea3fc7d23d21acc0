"""Environment variables that postlake sets for Prefect and the allocators; whoever has set one already is obeyed."""

import os

# read when they are first imported
DEFAULTS = {
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
    # a small machine needs 15 s to start the embedded API, and Prefect gives up after 20
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120",
    # what these log is in the log of a run; elsewhere Prefect has nothing to do with it
    "PREFECT_LOGGING_EXTRA_LOGGERS": "flows,lake,posts",
    "PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW": "ignore",
    # jemalloc, in Polars and delta-rs: give freed pages back after 200 ms, not after ten seconds
    "_RJEM_MALLOC_CONF": "dirty_decay_ms:200,muzzy_decay_ms:0",
}
# of the server; but for SQLite's, docker-compose.yml says the same
SERVER = {
    # a run that waits for another to be done with the lake asks again so often; each time is a row in the database
    "PREFECT_SERVER_DEPLOYMENTS_CONCURRENCY_SLOT_WAIT_SECONDS": "15",
    # SQLite has one writer at a time, which others wait for: seconds
    "PREFECT_SERVER_DATABASE_TIMEOUT": "60",
    # who holds the lake outlives a restart of the server
    "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": "prefect.server.concurrency.lease_storage.filesystem",
    # runs are deleted after 90 days, events after 7; both are Prefect's own figures
    "PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED": "events,flow_runs",
}
# of a worker and its runs
WORKER = {
    # from a click to the start of the run's process; each question costs the server some milliseconds
    "PREFECT_WORKER_QUERY_SECONDS": "2",
    # runs are taken so long before they are due; one that waits for the lake is not to be taken before it asks again
    "PREFECT_WORKER_PREFETCH_SECONDS": "2",
    # of its runs, which have its environment: seconds; automations.yaml takes one that is silent for two minutes for dead
    "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": "30",
}


def apply_defaults() -> None:
    for name, value in DEFAULTS.items():
        os.environ.setdefault(name, value)
