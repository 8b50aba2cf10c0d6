"""Shows a run's progress stage by stage: bars on a terminal, plain lines elsewhere."""

from __future__ import annotations

from typing import Protocol, TextIO


class Progress(Protocol):
    """Receives a run's progress. Titles hold no personal data."""

    def stage(self, title: str, total: int | None = None) -> None:
        """Ends the stage before, and begins one of `total` steps, if that is known."""

    def advance(self, steps: int) -> None:
        """Counts finished steps of the stage."""

    def close(self) -> None:
        """Ends the run, successful or not."""


class Silence:
    """Shows nothing."""

    def stage(self, title: str, total: int | None = None) -> None:
        """Nothing."""

    def advance(self, steps: int) -> None:
        """Nothing."""

    def close(self) -> None:
        """Nothing."""


class Lines:
    """One plain line per stage."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def stage(self, title: str, total: int | None = None) -> None:
        """Writes the title, and the number of rows to come."""
        print(title if total is None else f"{title} ({total:,})", file=self._stream, flush=True)

    def advance(self, steps: int) -> None:
        """A plain line is not rewritten."""

    def close(self) -> None:
        """Nothing is open."""


class Bars:
    """A bar for the current stage, a tick for each finished one."""

    def __init__(self, stream: TextIO) -> None:
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            SpinnerColumn,
            TextColumn,
            TimeElapsedColumn,
        )

        self._bars = Progress(
            SpinnerColumn(finished_text="[green]✓[/]"),
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=Console(file=stream),
        )
        self._task: object = None
        self._bars.start()

    def stage(self, title: str, total: int | None = None) -> None:
        """Finishes the stage before, and shows this one."""
        self._finish()
        self._task = self._bars.add_task(title, total=total if total is not None else 1)

    def advance(self, steps: int) -> None:
        """Moves the bar."""
        if self._task is not None:
            self._bars.advance(self._task, steps)  # type: ignore[arg-type]

    def close(self) -> None:
        """Leaves the finished stages on the screen."""
        self._finish()
        self._bars.stop()

    def _finish(self) -> None:
        if self._task is not None:
            task = self._bars.tasks[self._task]  # type: ignore[call-overload]
            self._bars.update(task.id, completed=task.total)
            self._task = None
