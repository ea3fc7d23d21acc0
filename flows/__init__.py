"""What runs, and when. The only package that sees both ends, and the only one that knows Prefect."""

from flows.environment import apply_defaults

apply_defaults()
