"""Days, periods and hours: the moments of a run, and when one is due."""
