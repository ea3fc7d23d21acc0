"""The steps of every run, without Prefect: sources, planning, execution, learning, maintenance, reports."""
