"""Learn the templates of sources, clean posts again with them, and explain the cleaning."""
