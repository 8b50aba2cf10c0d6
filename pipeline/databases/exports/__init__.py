"""Folders of CSV and XLSX files, as tables."""
