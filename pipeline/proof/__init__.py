"""The proof: what the source itself says, against what was computed."""
