"""Writes a report as a workbook, and reads it back."""
