"""Explains a figure of a stored run: what it means, and the very records that it counts.

Everything is asked of the run's snapshot; the CRM is not read.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Final

from pipeline.delivery.sums import must_be_as_published
from pipeline.errors import ConfigError, ProofError
from pipeline.flows.explain.made_of import special_part
from pipeline.flows.explain.opened import OpenRun, open_stored
from pipeline.flows.explain.records import Records
from pipeline.flows.explain.sql import snapshot_script, source_script
from pipeline.flows.explain.words import label_of, words_of
from pipeline.measures.addends import addends_of, traced_entries
from pipeline.model import Figure, Figures, Scope
from pipeline.model.explanations import Explanation, Part
from pipeline.model.figures import Entry, Heading, what_of
from pipeline.progress import Progress
from pipeline.reports.figures_file import FIGURES, read_figures
from pipeline.snapshot.source_sql import load_source_sql


def published_figures(run: Path) -> Figures:
    """The figures of the run in this folder. Raises ProofError if they, or the data that they
    are made from, are not what was published; ConfigError if these were erased, or there is no run.
    """
    wanted = ("snapshot/", FIGURES)
    must_be_as_published(run, wanted, "No figure of this run can be explained")
    return read_figures(run / FIGURES)


@contextmanager
def open_explainer(data: Path, figures: Figures, progress: Progress) -> Iterator[Explainer]:
    """What explains the published `figures` of the run whose snapshot lies in `data`."""
    with open_stored(data, progress) as run:
        yield Explainer(run, figures)


class Explainer:
    """An open run, of which any figure can be explained."""

    def __init__(self, run: OpenRun, figures: Figures) -> None:
        self.run, self._figures = run, figures
        self._records = Records(run)
        self._entries: dict[tuple[Scope, str], dict[str, Entry]] = {}

    @property
    def as_of(self) -> datetime:
        """The instant of the run."""
        return self.run.stored.window.as_of

    def explain(self, figure: Figure) -> Explanation:
        """What a published figure means, and what it is made of.

        Raises ProofError if the snapshot gives another number, or other records than it counts.
        """
        parts = tuple(self._part(figure, name) for name in _parts_of(figure))
        return Explanation(
            figure, label_of(figure, self.run), words_of(figure, self.run), parts
        )

    def snapshot_sql(self, figure: Figure) -> list[str]:
        """DuckDB's statements that list the records of a figure's numbers; none of what is no
        count of records.
        """
        return _once(
            snapshot_script(self.run, self._records.asked(number), self._records.exempt)
            for number in self._numbers(figure)
        )

    def source_sql(self, figure: Figure) -> list[str]:
        """The same for the CRM's own database, as it was asked for this run: as the figure would
        be without exceptions. Raises ConfigError if the run did not keep it.
        """
        source = load_source_sql(self.run.data)
        if source is None:
            raise ConfigError(
                "The run does not hold the SQL by which the CRM was read: an earlier version of this "
                "program made it. Run the audit again, or ask for --sql snapshot."
            )
        numbers = self._numbers(figure)
        script = _once(source_script(self.run, source, addends_of(each)) for each in numbers)
        return [*_NOTES.get(source.dialect, ()), *script] if script else []

    def _numbers(self, figure: Figure) -> Iterator[int]:
        """The figure's numbers that are counts of records, with what they remember."""
        for name in _parts_of(figure):
            number = self._counted(figure, name)
            if number is not None:
                yield number

    def _part(self, figure: Figure, name: str) -> Part:
        number = (figure.denominator or 0) if name == "denominator" else figure.numerator
        part = special_part(figure, name, number, self.run, self._figures)
        part = part or self._of_records(figure, name, number)
        if not part.drawn_from and not part.is_sum:
            listed = sum(listed.value for listed in part.listed)
            raise ProofError(
                f"{figure.id}: its {name} is {number}, and what is listed comes to {listed}. "
                "Nothing is shown, because it would explain another figure; please report this."
            )
        return part

    def _of_records(self, figure: Figure, name: str, number: int) -> Part:
        counted = self._counted(figure, name)
        if counted != number:
            raise ProofError(
                f"{figure.id}: its {name} was published as {number}, and this version of the "
                f"program counts {counted} in the same data. `crm-audit rerun` says what else differs."
            )
        return self._records.part(name, counted)

    def _counted(self, figure: Figure, name: str) -> int | None:
        """The number, made anew from counts that it remembers; None where none are counted."""
        about = figure.scope, figure.key
        if about not in self._entries:
            self._entries[about] = self._traced(*about)
        what = what_of(figure.metric, figure.dimension, figure.currency)
        entry = self._entries[about].get(what)
        if entry is None:
            return None
        _, numerator, denominator = entry
        return denominator if name == "denominator" else numerator

    def _traced(self, scope: Scope, key: str) -> dict[str, Entry]:
        totals = self.run.totals
        pool = next(pool for pool in totals if (pool.scope, pool.key) == (scope, key))
        entries = traced_entries(pool, totals[-1], self.run.inputs)
        return {_what(entry[0]): entry for entry in entries}


_NOTES: Final[Mapping[str, tuple[str, ...]]] = {
    "sqlite": ("-- It may call functions that this program adds to SQLite.",),
    "files": ("-- For the DuckDB into which this program loads the files.",),
}


def _once(scripts: Iterable[Iterable[str]]) -> list[str]:
    """The statements of all scripts, each once."""
    return list(dict.fromkeys(each for script in scripts for each in script))


def _what(heading: Heading) -> str:
    return what_of(heading.metric, heading.dimension, heading.currency)


def _parts_of(figure: Figure) -> tuple[str, ...]:
    return ("number",) if figure.denominator is None else ("numerator", "denominator")
