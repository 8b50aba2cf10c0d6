"""The kinds of databases a CRM may live in: one file each, listed in `kinds`, their SQL in `sql`.

`constructs` and `zones` are what queries say to all of them; they need no database's driver.
"""
