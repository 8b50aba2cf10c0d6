"""Measures: what is counted and published, one declaration each."""
