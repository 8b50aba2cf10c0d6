"""`python -m pipeline` is `crm-audit`."""

from pipeline.cli import main

main()
