"""`crm-audit`, or `python -m pipeline`."""

import os
import signal


def main() -> None:
    """Imports the program and runs it; until then ^C ends it at once, without a message."""
    # otherwise the caller ignores ^C
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    # where memory is limited, Arrow's own allocator crashes or never comes back
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
    from pipeline.cli import main as program

    program()


if __name__ == "__main__":  # a worker imports this module too
    main()
