"""Templates of sources are learned, posts cleaned again with them, and cleaning explained."""
