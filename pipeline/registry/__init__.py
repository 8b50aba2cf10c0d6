"""What outlives a run: which fires were published, what became of findings, headline figures."""
