"""Scheduled runs: what is due, what has run, and what waits."""
