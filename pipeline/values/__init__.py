"""Values in pure Python: text, white space, months, money."""
