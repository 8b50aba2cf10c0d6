"""`crm-audit`, and `python -m pipeline`, which is the same."""

import signal


def main() -> None:
    """Imports the program and runs it. Until it runs ^C ends it at once, and in
    silence: nothing has been begun.
    """
    # else whoever started it does not want that
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from pipeline.cli import main as program

    program()


if __name__ == "__main__":  # a worker imports this module too
    main()
