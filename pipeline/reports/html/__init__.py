"""Writes a report as a page, and reads it back."""
