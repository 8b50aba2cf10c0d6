"""How an older registry becomes one of this version: numbered steps, each run once."""
