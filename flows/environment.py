"""Environment variables that postlake sets for Prefect and the allocators, unless they are set already."""

import os

# set before the first import of Prefect, Polars and delta-rs, which read them then
DEFAULTS = {
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
    # a small machine needs 15 s to start the embedded API, and Prefect gives up after 20
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120",
    # messages of these packages appear in the log of a run; outside of a run Prefect ignores them
    "PREFECT_LOGGING_EXTRA_LOGGERS": "flows,lake,posts",
    "PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW": "ignore",
    # jemalloc, in Polars and delta-rs: return freed pages to the system after 200 ms, not after ten seconds
    "_RJEM_MALLOC_CONF": "dirty_decay_ms:200,muzzy_decay_ms:0",
}
# settings of the server; docker-compose.yml has the same, except for the SQLite setting
SERVER = {
    # how often a run that waits for the lake asks again; each time adds a row to the database
    "PREFECT_SERVER_DEPLOYMENTS_CONCURRENCY_SLOT_WAIT_SECONDS": "15",
    # seconds that a writer waits for another; SQLite has one writer at a time
    "PREFECT_SERVER_DATABASE_TIMEOUT": "60",
    # the concurrency slot of a run that uses the lake survives a restart of the server
    "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": "prefect.server.concurrency.lease_storage.filesystem",
    # runs are deleted after 90 days, events after 7; both are the defaults of Prefect
    "PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED": "events,flow_runs",
}
# settings of a worker and its runs
WORKER = {
    # the delay from a click to the start of the run's process; each query costs the server some milliseconds
    "PREFECT_WORKER_QUERY_SECONDS": "2",
    # how long before its time a run is taken; a run that waits for the lake must stay until its next try
    "PREFECT_WORKER_PREFETCH_SECONDS": "2",
    # seconds, for the runs of the worker; automations.yaml ends a run after two minutes without a heartbeat
    "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": "30",
}


def apply_defaults() -> None:
    for name, value in DEFAULTS.items():
        os.environ.setdefault(name, value)
