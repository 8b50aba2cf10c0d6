"""Holds every report against the result that it is cut from, not against what cut it: who has
one, whose records and figures are in it, and which name is on what.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pipeline.measures.completeness import RECORDS_FAILING
from pipeline.model import Difference, Person, RunResult, Scope
from pipeline.reports.crosscheck.labels import label_differences
from pipeline.reports.crosscheck.records import Records
from pipeline.reports.folders import folder_of
from pipeline.reports.pair import Pair

_MANAGERS = "managers"
_SALES_SUPPORT = "sales-support"
_FILES = ("report.html", "report.xlsx")


class CrossCheck:
    """The checks of one run; reports go through one at a time."""

    def __init__(self, result: RunResult) -> None:
        self._result = result
        self._records = Records(result)
        self._managers = {
            Path(_MANAGERS) / folder_of(person): person
            for person in result.people
            if person.scope is Scope.MANAGER
        }
        self._awaited = set(self._places())

    def _places(self) -> Iterator[Path]:
        """The folders of all reports that there must be, below the run's."""
        yield Path()
        if self._result.find(RECORDS_FAILING, Scope.OPERATOR) is not None:
            yield Path(_SALES_SUPPORT)
        yield from self._managers

    def report_differences(self, pair: Pair) -> Iterator[Difference]:
        """What of a report is not the result's."""
        where = str(pair.place / _FILES[0])
        self._awaited.discard(pair.place)
        person = self._managers.get(pair.place)
        for what, place, wanted, got in (
            *self._addressed(pair, person),
            *label_differences(self._result, pair.report, person),
            *self._records.differences(pair.report, person),
        ):
            yield what, f"{where} {place}".strip(), wanted, got

    def _addressed(self, pair: Pair, person: Person | None) -> Iterator[Difference]:
        """Whose report it says it is, and to whom its mails go."""
        report, result = pair.report, self._result
        readers = {Path(): "management", Path(_SALES_SUPPORT): "operators"}
        contacts = {Path(): "", Path(_SALES_SUPPORT): result.contact}
        titles = {Path(): result.audit, Path(_SALES_SUPPORT): report.title}
        expected = {
            "reader": (readers.get(pair.place, "manager"), report.reader),
            "person": (person.id if person else "", report.person.id if report.person else ""),
            "title": (person.name if person else titles.get(pair.place, ""), report.title),
            "contact": (
                result.contacts.get(person.id, "") if person else contacts.get(pair.place, ""),
                report.contact,
            ),
            "run": (result.run_id, report.result.run_id),
            "language": (result.language, report.language.code),
        }
        for name, (wanted, got) in expected.items():
            if wanted != got:
                yield name, "whose it is", str(wanted) or "nobody", str(got) or "nobody"

    def folder_differences(self, folder: Path) -> Iterator[Difference]:
        """Once all reports have gone through: whose are missing, in the folder and at all; and
        files that are nobody's.
        """
        for place in sorted(self._awaited):
            yield "a report", str(place), "read back", "nothing"
        expected = {place / name for place in self._places() for name in _FILES}
        found = {
            file.relative_to(folder)
            for place in ("report*", f"{_MANAGERS}/**/*", f"{_SALES_SUPPORT}/**/*")
            for file in folder.glob(place)
            if not file.is_dir()
        }
        for file in sorted(expected ^ found):
            states = ("a file", "nothing") if file in expected else ("nothing", "a file")
            yield "a report", str(file), *states
