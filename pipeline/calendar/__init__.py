"""Days, periods and hours: the moments of a run, and when a run is due."""
