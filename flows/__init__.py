"""What runs, and when. The only room that sees both ends, and the only one that knows Prefect."""
