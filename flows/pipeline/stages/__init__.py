"""The stages of a run that reads files into a lake: find, read, learn, write, reclean, report."""
