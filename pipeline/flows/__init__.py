"""Where stages meet: extract, compute, a run, a check. Each reads from top to bottom."""
