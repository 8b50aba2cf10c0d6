"""The proof: compares what the source itself counts with what was computed."""
