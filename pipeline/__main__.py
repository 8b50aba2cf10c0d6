"""`python -m pipeline` is `crm-audit`."""

from pipeline.cli import main

if __name__ == "__main__":  # a worker imports this module too
    main()
