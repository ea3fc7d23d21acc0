"""Storage of rows: Delta tables of partitioned Parquet, the ledger (`files`), rejected files, queries."""

import signal

import polars  # noqa: F401, ICN001 - the import sets its handler of SIGINT

# Polars sets its handler of SIGINT with SA_RESTART: the system resumes a blocking call as if Ctrl-C had not
# been pressed, for example the wait for a lock that another thread holds, or for a pipe from git.
signal.siginterrupt(signal.SIGINT, True)  # noqa: FBT003 - named by the standard library
