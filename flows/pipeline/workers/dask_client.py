"""The connection of a run to the scheduler of a Dask cluster."""

import logging
import warnings

from distributed import Client, Security

from flows.pipeline.workers.cluster import ClusterError

# to reach the scheduler, and to reach it again before a run gives up
CONNECT_SECONDS = 20
# for the first worker, and for another one where all have gone: a nanny starts one in two seconds, a cluster of
# containers in a minute
WORKER_SECONDS = 60


def connect(scheduler: str) -> Client:
    """Return a client of a cluster that has a worker. Raises ClusterError."""
    _silence_dask()
    _check_certificates(scheduler)
    try:
        client = Client(scheduler, timeout=CONNECT_SECONDS, set_as_default=False)
    except OSError as error:
        raise cluster_error(scheduler, str(error).split("\n", 1)[0]) from error
    try:
        client.wait_for_workers(1, timeout=WORKER_SECONDS)
    except TimeoutError as error:
        client.close()
        raise cluster_error(scheduler, "has no workers") from error
    return client


def cluster_error(scheduler: str, text: str) -> ClusterError:
    """Return an error that names the cluster by its scheduler."""
    return ClusterError(f"the Dask cluster {scheduler}: {text}")


def _check_certificates(scheduler: str) -> None:
    """Raise ClusterError where TLS has no certificates; a client without them would close for a minute."""
    is_encrypted = scheduler.startswith("tls:")
    if is_encrypted and Security().get_connection_args("client").get("ssl_context") is None:
        raise cluster_error(scheduler, "distributed.comm.tls in Dask's configuration names no certificates")


def _silence_dask() -> None:
    """Let Dask tell nothing on the terminal: what goes wrong is raised, on one line."""
    # the latter has a level of its own
    for name in ("distributed", "distributed.client"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    # of versions, which are compared here, and of tasks with the files of an archive, which are large
    warnings.filterwarnings("ignore", module=r"distributed\.client")
