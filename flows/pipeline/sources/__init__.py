"""Sources that a run opens, by the name that a person gives: folders, repositories and their cache, the lake's own bytes. No rows."""
