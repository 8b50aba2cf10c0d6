"""How each database writes the constructs: a file per database, with all of its SQL."""
