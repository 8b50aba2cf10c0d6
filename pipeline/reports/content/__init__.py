"""What stands in a report: the same for page and workbook."""
