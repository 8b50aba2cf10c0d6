"""Presets on schemas built anew: seeded rows, and every figure counted from those very rows in plain Python."""
