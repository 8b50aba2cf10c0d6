"""Explains a figure of a stored run: what it means, and the very records that it counts.

Everything is asked of the run's snapshot; the CRM is not read.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from pipeline.delivery.sums import deviations, read_sums
from pipeline.errors import ProofError
from pipeline.flows.explain.made_of import special_part
from pipeline.flows.explain.opened import OpenRun, open_stored
from pipeline.flows.explain.records import Records
from pipeline.flows.explain.sql import snapshot_script
from pipeline.flows.explain.words import label_of, words_of
from pipeline.measures.addends import traced_entries
from pipeline.model import Figure, Figures, Scope
from pipeline.model.explanations import Explanation, Part
from pipeline.model.figures import Entry, Heading, what_of
from pipeline.progress import Progress
from pipeline.reports.figures_file import FIGURES, read_figures


def published_figures(run: Path) -> Figures:
    """The figures of the run in this folder. Raises ProofError if they, or the data that they
    are made from, are not what was published; ConfigError if there is no run.
    """
    altered = [
        deviation
        for deviation in deviations(run, read_sums(run))
        if deviation.path.startswith("snapshot/") or deviation.path == FIGURES
    ]
    if altered:
        raise ProofError(
            "No figure of this run can be explained, because what it is made from is not what was "
            f"published: {'; '.join(map(str, altered))}. Take the run's folder from where it was "
            "published."
        )
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
        """The statements that list the records of a figure's parts; none of what is no count
        of records.
        """
        statements = (
            snapshot_script(self.run, self._records.asked(number), self._records.exempt)
            for name in _parts_of(figure)
            if (number := self._counted(figure, name)) is not None
        )
        return list(dict.fromkeys(each for script in statements for each in script))

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


def _what(heading: Heading) -> str:
    return what_of(heading.metric, heading.dimension, heading.currency)


def _parts_of(figure: Figure) -> tuple[str, ...]:
    return ("number",) if figure.denominator is None else ("numerator", "denominator")
