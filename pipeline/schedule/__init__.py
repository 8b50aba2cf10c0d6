"""Running by itself: what is due, what was run, and what waits."""
