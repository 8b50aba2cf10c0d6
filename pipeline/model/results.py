"""What a run results in: every report is cut from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from fractions import Fraction

from pipeline.model.audit import Agreement, Audience
from pipeline.model.exceptions import ExceptionUse, ExemptFinding
from pipeline.model.figures import Figure, Figures, figure_id
from pipeline.model.history import Before, History
from pipeline.model.measures import Measure
from pipeline.model.people import Person, Scope
from pipeline.model.rules import Debtor, FieldSet, Rule
from pipeline.model.sent import by_fields
from pipeline.model.spans import Span
from pipeline.model.texts import LanguageCode, LocalText
from pipeline.model.window import Window

Difference = tuple[str, str, str, str]
"""(figure, record or row; in which comparison, or in which file and where;
as it should be; as it is)
"""


@dataclass(frozen=True, slots=True)
class TableAccount:
    """count(*) of a source table = audited + excluded by reason."""

    table: str
    rows: int
    audited: int
    excluded: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Queued:
    """What whoever completes somebody else's record sees of it besides what is missing."""

    owner: str  # by name
    age: int | None  # in whole local days; None where its day is not known or still to come


@dataclass(frozen=True, slots=True)
class FixItem:
    """A record of the fix-list: what is missing, why it is asked, and where to mend it."""

    entity: str
    record_id: str
    owner: str
    label: str  # the record's own name, as the CRM has it; '' where it has none
    missing: tuple[LocalText, ...]  # labels of the fields
    why: tuple[LocalText, ...]
    link: str  # '' where the CRM has no address
    span: Span
    day: date | None = (
        None  # its own day in the audit's zone: by it a manager knows a record without a name
    )
    rules: tuple[Rule, ...] = ()  # what it fails, as in `missing`
    ids: tuple[str, ...] = ()  # of its findings, as in `missing`
    disputed: tuple[str, ...] = ()  # those of the ids that are under discussion
    again: tuple[str, ...] = ()  # those of the ids that had been completed in the period
    check: bool = False  # it costs nobody a point
    later: bool = False  # a page opens with others, which are worth more
    gain: Fraction | None = None  # what completing it adds to the score of its owner, 1 at most
    # of a record without a name: at what time of its day, and the client's name
    hour: time | None = None
    client: str = ""
    debtor: Debtor = Debtor.OWNER  # who is to complete it
    entered_by: str = ""  # the user who is, where it is whoever entered it; '' = nobody
    is_repeat: bool = False  # listed at another owner already
    elsewhere: bool = False  # on the page of its owner, though another is to complete it
    queued: Queued | None = None  # on the page of sales support, and of whoever entered it

    @property
    def person(self) -> str:
        """The user whose page lists it as theirs, unless it is sales support's."""
        return self.entered_by if self.debtor is Debtor.CREATOR else self.owner

    __reduce__ = by_fields


@dataclass(frozen=True, slots=True)
class Check:
    """A record that one of our counts names as not in order; it costs nobody a point."""

    rule: Rule
    record_id: str
    owner: str
    label: str  # the record's own name, as the CRM has it; '' where it has none
    link: str  # '' where the CRM has no address
    span: Span
    day: date | None  # its own day in the audit's zone
    id: str = ""  # of the finding
    # of a record without a name: at what time of its day, and the client's name
    hour: time | None = None
    client: str = ""
    disputed: bool = False


@dataclass(frozen=True, slots=True)
class RunResult:
    """All that one run has to tell: every report is cut from it."""

    run_id: str
    audit_id: str  # '' where audit.yaml has none
    audit: str
    source: LocalText  # what kind of CRM, without address or account
    window: Window
    people: tuple[Person, ...]
    figures: Figures
    fix_list: tuple[FixItem, ...]
    checks: tuple[Check, ...]
    field_sets: Mapping[str, FieldSet]
    not_checked: Mapping[str, LocalText]  # 'meeting.result' -> why
    custom: tuple[Measure, ...] = ()  # the measures of the audit's own
    warnings: tuple[str, ...] = ()  # for whoever runs the audit; in no report
    caveats: tuple[
        LocalText, ...
    ] = ()  # what management should know of how the source was read
    # kinds of records of which the CRM does not tell who made them, and who had them before
    untold_makers: tuple[str, ...] = ()
    untold_owners: tuple[str, ...] = ()
    language: LanguageCode = "en"  # of its reports
    audience: Audience = "named"
    agreement: Agreement | None = None
    # account manager -> the address for what is not right
    contacts: Mapping[str, str] = field(default_factory=dict)
    contact: str = ""  # the audit's own, to whom sales support writes
    # kind of record -> the address of one in the CRM, with {id}; None where that is not known
    links: Mapping[str, str] | None = None
    exempt: tuple[ExemptFinding, ...] = ()
    exceptions: tuple[ExceptionUse, ...] = ()  # every line, and what it did
    history: History | None = None  # None where nothing is known of the runs before
    read_at: datetime | None = None  # when the CRM was, by the clock

    def find(
        self,
        measure: Measure,
        scope: Scope = Scope.COMPANY,
        key: str = "",
        dimension: str = "",
        currency: str = "",
    ) -> Figure | None:
        """The figure, or None where it does not exist."""
        return self.figures.get(figure_id(measure.name, dimension, currency, scope, key))

    @property
    def names(self) -> dict[tuple[Scope, str], str]:
        """Whom figures are about, by name: account managers, former colleagues, teams."""
        teams = {(Scope.TEAM, person.team_id): person.team for person in self.people}
        return {**teams, **{(person.scope, person.id): person.name for person in self.people}}

    @property
    def before(self) -> Before | None:
        """The run before; None where there was none, or nothing is known of it."""
        return self.history.before if self.history else None

    def was(self, figure: Figure) -> Figure | None:
        """The figure in the run before; None where it cannot be compared, or there was none."""
        if self.before is None:
            return None
        return self.before.was(figure, self.window.first, self.window.after_last)

    def ago(self, figure: Figure, reports: int) -> Figure | None:
        """What a figure was so many reports ago; None where there was none, or nothing is known."""
        return self.history.ago(figure, reports) if self.history else None

    @property
    def earlier(self) -> tuple[Before, ...]:
        """The runs before that are drawn, the oldest first."""
        return self.history.earlier if self.history else ()

    @property
    def is_first(self) -> bool:
        """Whether it is known that no run was before."""
        return self.history is not None and self.history.before is None
