"""Prefect servers on this machine: `postlake serve`, the API of an ingest without one, the guard, and pages of reports.

No step of a run enters here.
"""
