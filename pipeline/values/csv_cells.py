"""Cells of a CSV that nobody's spreadsheet takes for something else."""

from __future__ import annotations


def harmless(cell: str) -> str:
    """The cell with an apostrophe if a spreadsheet would read it as a formula."""
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell
