"""Reads the exceptions: a CSV, or one per team, of decisions about findings."""

from __future__ import annotations

import csv
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final

from pipeline.config.csv_files import filled_rows, read_csv
from pipeline.errors import ConfigError
from pipeline.findings.ids import FINDING_ID, finding_id
from pipeline.model import CHECKED, ExceptionLine, ExceptionState, FieldSet

_ABOUT: Final = ("finding", "kind", "record", "rule")
_COLUMNS: Final = (*_ABOUT, "state", "reason", "approver", "until")
_DAY: Final = re.compile(r"(19[7-9]|2[0-9]{2})[0-9]-[0-9]{2}-[0-9]{2}")
_MOST: Final[Mapping[str, int]] = {"reason": 500, "approver": 100}
"""Characters of what stands on pages."""
_STATES: Final = ", ".join(ExceptionState)

Rules = Mapping[str, Collection[str]]
"""Kind of record -> the fields of its minimum field set, also those that are not checked."""


def read_exceptions(
    folder: Path,
    names: Iterable[Path],
    audit_id: str,
    field_sets: Mapping[str, FieldSet],
) -> tuple[ExceptionLine, ...]:
    """The lines of all files, in their order. ConfigError with file, line and column of the
    first that is wrong, stands twice, or contradicts another.
    """
    rules = {
        entity: (*(demand.name for demand in fields.demands), *fields.absent)
        for entity, fields in field_sets.items()
    }
    lines: list[ExceptionLine] = []
    for name in names:
        try:
            lines += _lines_of(folder / name, str(name), audit_id, rules)
        except csv.Error as error:
            raise ConfigError(f"{folder / name} is not a valid CSV: {error}.") from None
    _must_differ(lines)
    return tuple(lines)


def _must_differ(lines: Iterable[ExceptionLine]) -> None:
    """A second line about the same would decide by chance."""
    seen: dict[tuple[str, ...], ExceptionLine] = {}
    for line in lines:
        about = (line.finding,) if line.finding else (line.entity, line.record_id, line.rule)
        first = seen.setdefault(about, line)
        if first is line:
            continue
        clash = "repeats" if first.state is line.state else f"says {line.state} and contradicts"
        raise ConfigError(
            f"{line.place}: it {clash} {first.place}, which is {first.state} and about the same; "
            "keep one of them."
        )


def _lines_of(file: Path, name: str, audit_id: str, rules: Rules) -> Iterator[ExceptionLine]:
    rows = read_csv(file, "exceptions")
    _must_be_known(file, rows.fieldnames or ())
    for row in filled_rows(rows):
        place = _Place(file, rows.line_num)
        yield _Line(place, _cells(place, row), audit_id, rules).read(
            f"{name}, line {rows.line_num}"
        )


def _must_be_known(file: Path, columns: Iterable[str]) -> None:
    names = [(name or "").strip() for name in columns]
    for name in names:
        if name not in _COLUMNS:
            raise ConfigError(
                f"{file}, line 1: there is no column {name!r}{_near(name, _COLUMNS)}; "
                f"the columns are {', '.join(_COLUMNS)}."
            )
        if names.count(name) > 1:
            raise ConfigError(f"{file}, line 1: the column {name} stands twice; remove one.")
    if not set(names) & set(_ABOUT):
        raise ConfigError(
            f"{file}, line 1: no column says what the exceptions are about; needed are finding, "
            "or kind and record, or rule."
        )


def _near(word: str, known: Iterable[str]) -> str:
    near = get_close_matches(word, list(known), 1)
    return f" (did you mean {near[0]}?)" if near else ""


@dataclass(frozen=True, slots=True)
class _Place:
    file: Path
    number: int

    def refused(self, column: str, problem: str) -> ConfigError:
        """The error of a cell."""
        return ConfigError(f"{self.file}, line {self.number}, column {column}: {problem}")


def _cells(place: _Place, row: Mapping[Any, object]) -> dict[str, str]:
    """The row's cells, stripped, by the names of their columns."""
    if None in row:
        raise ConfigError(
            f"{place.file}, line {place.number}: there are more cells than columns; put a text "
            'that holds the separator between quotes: "moved, see contract".'
        )
    cells = {str(name).strip(): str(cell or "").strip() for name, cell in row.items()}
    for name, cell in cells.items():
        if not cell.isprintable():
            raise place.refused(
                name,
                "a cell holds no line breaks or control characters; write it on one line, "
                "and close each quote that is opened.",
            )
        if len(cell) > _MOST.get(name, len(cell)):
            raise place.refused(
                name, f"at most {_MOST[name]} characters stand on a page; shorten it."
            )
    return cells


@dataclass(frozen=True, slots=True)
class _Line:
    """A row that is being read."""

    place: _Place
    cells: Mapping[str, str]
    audit_id: str
    rules: Rules

    def cell(self, column: str) -> str:
        """What stands in a column; '' where the file has no such column."""
        return self.cells.get(column, "")

    def read(self, shown_place: str) -> ExceptionLine:
        """The line. ConfigError names the first cell that is wrong."""
        finding, entity, record, rule = self._about()
        state = self._state()
        until = self._until(state)
        if state is ExceptionState.EXEMPT:
            self._must_be_accounted_for()
        return ExceptionLine(
            shown_place,
            state,
            finding,
            entity,
            record,
            rule,
            self.cell("reason"),
            self.cell("approver"),
            until,
        )

    def _about(self) -> tuple[str, str, str, str]:
        """(finding, kind, record, rule), as far as they are known."""
        others = [column for column in ("kind", "record", "rule") if self.cell(column)]
        if self.cell("finding"):
            if others:
                raise self.place.refused(
                    others[0],
                    "a finding says its kind, record and rule already; leave these cells empty.",
                )
            return self._finding(), "", "", ""
        if not others:
            raise self.place.refused(
                "finding", "what is it about? Fill in finding, or kind and record, or rule."
            )
        kind, record = self.cell("kind").casefold(), self.cell("record")
        rule = self.cell("rule")
        if not kind and "." in rule:
            kind, _, rule = rule.partition(".")
        self._must_be_kind(kind, rule)
        if rule:
            self._must_be_rule(kind, rule)
        elif not record:
            raise self.place.refused(
                "record", f"which {kind}? Fill in its id, or a rule that is lifted for all."
            )
        if record and rule:
            return finding_id(self.audit_id, kind, record, rule), kind, record, rule
        return "", kind, record, rule

    def _finding(self) -> str:
        text = self.cell("finding").upper()
        if not FINDING_ID.fullmatch(text):
            raise self.place.refused(
                "finding",
                f"{text!r} is no id of a finding; write the ten characters that stand beside it "
                "on the page, and in the column id of findings.csv.",
            )
        if not self.audit_id:
            raise self.place.refused(
                "finding",
                "audit.yaml has no id, without which findings are not known from run to run; add "
                "a line like `id: sales-europe` to it, and take the finding's id from the next run.",
            )
        return text

    def _must_be_kind(self, kind: str, rule: str) -> None:
        if not kind:
            raise self.place.refused(
                "kind",
                f"of which kind of record? Write one of {', '.join(CHECKED)}"
                + (f", or the rule as deal.{rule}." if rule else "."),
            )
        if kind not in CHECKED:
            raise self.place.refused(
                "kind" if self.cell("kind") else "rule",
                f"there is no kind of record {kind!r}{_near(kind, CHECKED)}; there are "
                f"{', '.join(CHECKED)}.",
            )

    def _must_be_rule(self, kind: str, rule: str) -> None:
        known = self.rules.get(kind, ())
        if rule in known:
            return
        if rule.startswith(("check.", "unreadable.")):
            raise self.place.refused(
                "rule",
                f"{rule} costs nobody a point, so there is nothing to exempt; remove it.",
            )
        raise self.place.refused(
            "rule",
            f"the minimum data of a {kind} have no field {rule!r}{_near(rule, known)}; "
            f"there are {', '.join(known) or 'none'}.",
        )

    def _state(self) -> ExceptionState:
        text = self.cell("state").casefold() or ExceptionState.EXEMPT
        if text not in tuple(ExceptionState):
            raise self.place.refused(
                "state",
                f"there is no state {text!r}{_near(text, ExceptionState)}; write one of {_STATES}, "
                "or nothing for exempt.",
            )
        return ExceptionState(text)

    def _until(self, state: ExceptionState) -> date | None:
        text = self.cell("until")
        if not text:
            if state is ExceptionState.EXEMPT:
                raise self.place.refused(
                    "until",
                    "an exemption has a last day; write one like 2027-01-31, or state: disputed "
                    "until it is decided.",
                )
            return None
        try:
            if _DAY.fullmatch(text):
                return date.fromisoformat(text)
        except ValueError:
            pass
        raise self.place.refused("until", f"{text!r} is no day; write one like 2027-01-31.")

    def _must_be_accounted_for(self) -> None:
        """Pages say of each exemption why, and by whom."""
        for column, wanted in (("reason", "why"), ("approver", "who approved it")):
            if not self.cell(column):
                raise self.place.refused(
                    column, f"pages say of an exemption {wanted}; fill it in."
                )
