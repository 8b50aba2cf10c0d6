"""The command line: parses, delegates, and returns an exit status. One file per command."""

from __future__ import annotations

import io
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from threading import Timer, main_thread
from typing import Final, NoReturn

import click

from pipeline import __version__
from pipeline.cli import (
    check,
    compare,
    demo,
    disclose,
    expectations,
    explain,
    grants,
    init,
    registry,
    rerun,
    run,
    schedule,
    verify,
)
from pipeline.errors import AuditError, ConfigError, ProofError, PublishError
from pipeline.lacks import lack_of

PROGRAM: Final = "crm-audit"
"""The program's name in help and messages, whatever started it."""

_EXIT: Final = """\b
Exit status: 0 published, or equal; 2 configuration or usage; 3 the source could not be read; 4 the proof
failed, or files differ; 5 the result could not be written; 6 implausible: not published; 70 a defect of
ours; 130 interrupted."""

_A_MOMENT: Final = 0.3  # s: a finalizer, and the hook that is told of it, are over by then


@click.group(
    epilog=_EXIT,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)
@click.version_option(__version__, prog_name=PROGRAM)
def cli() -> None:
    """Audits the data quality of a CRM, per manager, and publishes reports that
    equal it to the last digit.

    \b
    Examples:
      crm-audit demo demo --run          a demo CRM, and its reports
      crm-audit init --source URL        recognises your CRM and writes an audit.yaml
      crm-audit grants --preset suitecrm the account that may read it, and nothing else
      crm-audit expectations copy mine   the field sets, for you to edit
      crm-audit disclose audit.yaml      what is measured of whom, for staff representatives
      crm-audit check audit.yaml         what would be audited
      crm-audit run audit.yaml           audit now
      crm-audit schedule audit.yaml      audit by itself, at the hours that audit.yaml names
      crm-audit verify output/latest     is it what was published?
      crm-audit rerun latest             make its reports again, and compare
      crm-audit explain latest FIGURE    what a figure means, and the records that it counts
      crm-audit compare RUN latest       by what figures differ, and why
      crm-audit registry backup FILE     copy what outlives a run
    """


cli.add_command(demo.demo)
cli.add_command(init.init)
cli.add_command(grants.grants)
cli.add_command(expectations.expectations)
cli.add_command(disclose.disclose)
cli.add_command(check.check)
cli.add_command(run.run)
cli.add_command(schedule.schedule)
cli.add_command(verify.verify)
cli.add_command(rerun.rerun)
cli.add_command(explain.explain)
cli.add_command(compare.compare)
cli.add_command(registry.registry)


def main() -> NoReturn:
    """Runs a command and exits with the status that the help promises."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a file's name may not be valid text
            stream.reconfigure(errors="backslashreplace")
    sys.unraisablehook = _unraised
    sys.exit(_guarded(_interruptible))


_interrupts: Final[list[int]] = []
"""Signals received, except those lost in a finalizer."""


def _interruptible() -> None:
    """Runs the command with ^C as an exception from beginning to end.

    Libraries turn an interrupt during an import or an SQLite function into their own errors.
    """
    # otherwise SIGINT is ignored
    wanted = signal.getsignal(signal.SIGINT) in (signal.SIG_DFL, signal.default_int_handler)
    if wanted:
        signal.signal(signal.SIGINT, _interrupt)
    try:
        cli.main(prog_name=PROGRAM, standalone_mode=False)
    except Exception:
        if _interrupts:
            raise KeyboardInterrupt from None
        raise
    finally:
        if wanted:
            signal.signal(signal.SIGINT, signal.SIG_DFL)


def _interrupt(number: int, _frame: object) -> None:
    """The first interrupt ends the command, which tidies up; the second kills the process."""
    _interrupts.append(number)
    if len(_interrupts) > 1:
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)
    raise KeyboardInterrupt


def _guarded(command: Callable[[], object]) -> int:
    try:
        command()
    except click.exceptions.Exit as finished:
        return finished.exit_code
    except click.ClickException as error:
        error.show()
        return ConfigError.exit_status
    except (click.Abort, KeyboardInterrupt):
        click.echo("Interrupted; nothing half-written was published.", err=True)
        return 130
    except AuditError as error:
        click.echo(f"{PROGRAM}: {error}", err=True)
        if isinstance(error, ProofError) and error.differences:
            from pipeline.cli.summary import print_differences

            print_differences(error.differences)
        return error.exit_status
    except Exception as error:  # noqa: BLE001 a defect of ours must not look like a result, nor quote the CRM's data
        return _unforeseen(error)
    return 0


def _unraised(ignored: sys.UnraisableHookArgs) -> None:
    """Sends an interrupt again that a finalizer swallowed."""
    if ignored.exc_type is KeyboardInterrupt:
        _interrupts.clear()
        # a real signal: it wakes a thread that waits, too
        again = Timer(_A_MOMENT, signal.pthread_kill, (main_thread().ident, signal.SIGINT))
        again.daemon = True  # the program need not wait for it
        again.start()
    else:
        sys.__unraisablehook__(ignored)


def _unforeseen(error: Exception) -> int:
    if isinstance(error, BrokenPipeError):
        _leave_the_pipe()
        return PublishError.exit_status
    lack = lack_of(error)
    click.echo(f"{PROGRAM}: {lack or _defect(error)}", err=True)
    return PublishError.exit_status if lack else AuditError.exit_status


def _leave_the_pipe() -> None:
    """Discards buffered output after its reader has gone, as `head` does."""
    with open(os.devnull, "w", encoding="utf-8") as nowhere:  # noqa: PTH123 - a device
        os.dup2(nowhere.fileno(), 1)


def _defect(error: Exception) -> str:
    """The error's type and place, without its text, which may quote the CRM's data."""
    from traceback import extract_tb

    frames = [
        frame
        for frame in extract_tb(error.__traceback__)
        if "pipeline" in Path(frame.filename).parts
    ]
    where = (
        f"{Path(frames[-1].filename).name}, line {frames[-1].lineno}"
        if frames
        else "an unknown place"
    )
    return f"a defect of crm-audit: {type(error).__name__} in {where}. Nothing was published; please report this line."
