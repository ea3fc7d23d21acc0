"""Where posts are read from: folders, git repositories, archives. Knows bytes and paths, and nothing of what a post says."""
