"""Puts the stages together: extract, compute, run and check. Each reads from top to bottom."""
