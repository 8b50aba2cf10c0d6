"""A report as a page, and read back."""
