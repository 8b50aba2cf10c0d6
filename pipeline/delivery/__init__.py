"""Publishes a run's folder, and switches `latest` to it."""
