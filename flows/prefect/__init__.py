"""What Prefect sees of a run: deployments, worker, artifacts, events, logs. No step of a run is done here."""
