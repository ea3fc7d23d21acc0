"""The connection to Prefect: deployments, worker, artifacts, events, logs. No stage of a run is done here."""
