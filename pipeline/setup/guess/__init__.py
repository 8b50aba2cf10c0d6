"""What it may mean: proposals, never used before somebody confirms them."""
