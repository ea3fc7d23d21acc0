"""The steps of every kind of run, without Prefect: sources, planning, execution, learning, maintenance, reports."""
