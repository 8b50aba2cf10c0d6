"""Writes texts, figures and days in the reader's language."""
