"""What init writes: audit.yaml, and presets of the user's own."""
