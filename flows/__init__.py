"""Runs and their schedule. Below cli, only this package imports both posts and lake, or Prefect."""

from flows.environment import apply_defaults

apply_defaults()
