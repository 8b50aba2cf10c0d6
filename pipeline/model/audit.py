"""An audit as it was carried out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

from pipeline.model.exceptions import ExceptionLine
from pipeline.model.rules import CustomMeasure, FieldSet, Target
from pipeline.model.schema import CHECKED, Schema
from pipeline.model.texts import LanguageCode, LocalText

Audience = Literal["named", "own"]
"""Whom management sees: every manager by name, or groups of five or more only."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """What was agreed with staff representatives about these figures."""

    partner: str  # with whom
    agreed_on: date
    until: date | None = None  # its last day; None: it has no end

    def ended_by(self, day: date) -> bool:
        """Whether its last day has passed."""
        return self.until is not None and self.until < day


@dataclass(frozen=True, slots=True)
class ResolvedAudit:
    """All that figures and reports are made of besides the data: audit.yaml and whatever it
    names, read and checked.

    It stands in a run's manifest, so that the run can be computed again
    without any of these files.
    """

    id: str  # of the audit, written by `init`; '' where audit.yaml has none
    name: str
    language: LanguageCode  # in which its reports are written
    about: LocalText  # what kind of CRM it is, without address or account
    zone: str
    working_week: tuple[int, ...]  # 0 is Monday
    words: Mapping[str, Mapping[str, tuple[str, ...]]]  # entity -> our state -> the CRM's words
    schema: (
        Schema  # what is read: our entities, with the columns that the audit asks for or adds
    )
    absent: Mapping[str, LocalText]  # 'entity.column' -> why the CRM does not hold it
    # entities without a status, whose events are held once their end passed
    held_at_end: tuple[str, ...]
    several_owners: bool  # a record counts for each of its owners
    # what begins like one of these says that a call reached nobody, in lower case
    reached_nobody: tuple[str, ...]
    field_sets: Mapping[str, FieldSet]
    shares: Mapping[str, int]  # kind of record -> its share of the whole score
    measures: tuple[CustomMeasure, ...]
    targets: tuple[Target, ...]
    accept: tuple[str, ...]  # what is not plausible, and so in this CRM
    tables: Mapping[str, tuple[str, ...]]  # entity -> the tables from which its rows are read
    # entity -> the address of a record's edit form, with {id}; '' where there is none
    links: Mapping[str, str]
    audience: Audience = "named"
    agreement: Agreement | None = None
    # 'entity.column' without which the CRM's own form does not save a record
    enforced: tuple[str, ...] = ()
    importers: tuple[str, ...] = ()  # users whose records no person typed
    operators: tuple[str, ...] = ()  # users who owe what is not its owner's to complete
    logged_owners: tuple[str, ...] = ()  # kinds of records whose former owners a log tells
    region: str = ""  # ISO code of phone numbers whose record names no country
    empty_words: tuple[str, ...] = ()  # what the CRM writes for nothing
    from_files: bool = False  # a spreadsheet may have left an error instead of a text
    exceptions: tuple[ExceptionLine, ...] = ()
    contact: str = ""  # the address for what is not right, of whom the CRM names no leader

    @property
    def untold_makers(self) -> tuple[str, ...]:
        """The kinds of records of which the CRM does not tell who made them."""
        return tuple(kind for kind in self._kinds if not self._has(kind, "created_by"))

    @property
    def untold_owners(self) -> tuple[str, ...]:
        """The kinds of records of which the CRM does not tell who had them before."""
        logged = self.logged_owners if "change" in self.schema else ()
        return tuple(kind for kind in self._kinds if kind not in logged)

    @property
    def _kinds(self) -> tuple[str, ...]:
        return tuple(kind for kind in CHECKED if self._has(kind, "id"))

    def _has(self, kind: str, column: str) -> bool:
        return column in self.schema.get(kind, {}) and f"{kind}.{column}" not in self.absent
