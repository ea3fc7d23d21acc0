"""What runs, and when. The only room that sees both ends, and the only one that knows Prefect."""

import os

# Read by Prefect when it is first imported; whoever sets one of these in the environment is obeyed.
os.environ.setdefault("DO_NOT_TRACK", "1")
os.environ.setdefault("PREFECT_SERVER_ANALYTICS_ENABLED", "false")
os.environ.setdefault("PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT", "false")
# a small machine needs 15 s to start the embedded API, and Prefect gives up after 20
os.environ.setdefault("PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS", "120")
