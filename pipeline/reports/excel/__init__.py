"""A report as a workbook, and read back."""
