"""A folder of exports, audited; and text read by declared formats."""
