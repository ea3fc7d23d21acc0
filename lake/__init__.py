"""Where rows live: Delta tables of partitioned Parquet, the ledger, quarantine, queries."""

import signal

import polars  # noqa: F401, ICN001 - it sets its handler when it is imported

# Polars' handler of SIGINT has the system go on with what it waits for (SA_RESTART), as if Ctrl-C had not been pressed:
# with a lock that another thread holds, with a pipe from git.
signal.siginterrupt(signal.SIGINT, True)  # noqa: FBT003 - named by the standard library
