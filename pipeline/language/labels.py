"""Labels for readers: kinds of records, columns, reasons, and attributes of figures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from pipeline.language.languages import Language, in_all
from pipeline.language.marked import marked
from pipeline.model import (
    JUDGED_TEXT,
    ONE_READING,
    REMEMBERED,
    UNREADABLE_MARK,
    LocalText,
    Scope,
    Unit,
    Verdict,
    same_in_all,
)
from pipeline.model.comparison import Cause
from pipeline.model.history import EARLIER

_ENTITIES: Final[Mapping[str, str]] = {
    "meeting": marked("meeting"),
    "call": marked("call"),
    "deal": marked("deal"),
    "client": marked("client"),
    "contact": marked("contact"),
    "lead": marked("lead"),
    "user": marked("user"),
    "meeting_contact": marked("contact of a meeting"),
    "co_owner": marked("further owner"),
    "mailing": marked("mailing"),
    "visit": marked("visit"),
    "change": marked("change"),
    "deletion": marked("deletion"),
}
"""A record of each kind."""

_VERDICTS: Final[Mapping[Verdict, str]] = {
    Verdict.MISSING: marked("missing"),
    Verdict.UNREADABLE: marked("cannot be read"),
    Verdict.PLACEHOLDER: marked("filler value"),
    Verdict.INVALID: marked("not valid"),
    Verdict.DUPLICATE: marked("duplicate"),
    Verdict.HINT: marked("please check"),
    Verdict.OVERDUE: marked("still to be closed"),
}

_KINDS: Final[Mapping[str, str]] = {
    "meeting": marked("Meetings"),
    "call": marked("Calls"),
    "deal": marked("Deals"),
    "client": marked("Clients"),
    "contact": marked("Contacts"),
    "lead": marked("Leads"),
}
"""Several records of each kind that has a minimum field set."""

_COLUMNS: Final[Mapping[str, str]] = {
    "id": marked("id"),
    "owner_id": marked("owner"),
    "name": marked("name"),
    "first_name": marked("first name"),
    "last_name": marked("last name"),
    "phone": marked("phone"),
    "email": marked("e-mail"),
    "subject": marked("subject"),
    "status": marked("status"),
    "stage": marked("stage"),
    "start_at": marked("start"),
    "end_at": marked("end"),
    "created_at": marked("creation date"),
    "close_day": marked("close date"),
    "amount": marked("amount"),
    "currency": marked("currency"),
    "private_person": marked("mark of a private person"),
    "result": marked("result"),
    "direction": marked("direction"),
    "moment": marked("date"),
    "date": marked("date"),
    "details": marked("phone or e-mail"),
    "close_date": marked("close date"),
    "counterpart": marked("client or contact"),
    "client": marked("client"),
    "contact": marked("contact"),
    "client_id": marked("client"),
    "contact_id": marked("contact"),
    "parent_kind": marked("kind of the parent"),
    "parent_id": marked("parent"),
    "team_id": marked("team"),
    "team": marked("team"),
    "leader_id": marked("leader"),
    "active": marked("active"),
    "person": marked("person"),
    "person_kind": marked("kind of the person"),
    "person_id": marked("person"),
    "meeting_id": marked("meeting"),
    "record_kind": marked("kind of record"),
    "record_id": marked("record"),
    "country": marked("country"),
    "opted_out": marked("wants no mailings"),
    "consent": marked("agreed to mailings"),
    "bounced": marked("mail came back"),
    "modified_at": marked("last change"),
    "created_by": marked("made by"),
    "street": marked("street"),
    "postcode": marked("postcode"),
    "city": marked("city"),
    "confirmed_at": marked("details confirmed"),
    "next_step": marked("next step"),
    "lost_reason": marked("reason for the loss"),
    "deal_id": marked("deal"),
    "source": marked("source"),
    "reached_nobody": marked("reached nobody"),
    "language": marked("language"),
    "working_share": marked("share of full time"),
    "joined_day": marked("first working day"),
    "left_day": marked("last working day"),
    "address": marked("address"),
    "happened_at": marked("moment"),
    "outcome": marked("outcome"),
    "user_id": marked("user"),
    "column_name": marked("changed field"),
    "value_before": marked("value before"),
}
"""Columns and fields; one that an audit adds keeps its own name."""

_LACKABLE: Final[Mapping[str, str]] = {
    "date": marked("date"),
    "last_name": marked("last name"),
    "first_name": marked("first name"),
    "contact_details": marked("contact details"),
    "subject": marked("subject"),
    "result": marked("result"),
}
"""What a meeting may lack."""

BESIDE: Final[Mapping[Scope, str]] = {
    Scope.INACTIVE: marked("In former colleagues' names"),
    Scope.UNASSIGNED: marked("No owner"),
    Scope.OPERATOR: marked("Sales support"),
    Scope.DOUBLE_COUNTED: marked("Less: double-counted"),
}
"""Scopes that add up to the company with the managers: sales support where an audit names
operators, the last where records count for two.
"""

_EXCLUDED: Final[Mapping[str, str]] = {
    "address": marked("address"),
    "address_of_another_entity": marked("address of another entity"),
    "address_of_another_module": marked("address of another module"),
    "an_invitee": marked("an invitee"),
    "archived": marked("archived"),
    "converted": marked("converted"),
    "deleted": marked("deleted"),
    "done": marked("done"),
    "merged": marked("merged"),
    "neither_client_nor_contact": marked("neither client nor contact"),
    "no_call": marked("no call"),
    "no_meeting": marked("no meeting"),
    "no_meeting_or_call": marked("no meeting or call"),
    "no_person": marked("no person"),
    "not_in_vtiger_crmentity": marked("not in vtiger_crmentity"),
    "not_the_base_currency": marked("not the base currency"),
    "number_of_another_entity": marked("number of another entity"),
    "of_a_user": marked("of a user"),
    "of_another_module": marked("of another module"),
    "of_no_record": marked("of no record"),
    "of_the_own_company": marked("of the own company"),
    "person_account": marked("person account"),
    "record_of_another_module": marked("record of another module"),
    "series": marked("series"),
}
"""Why our presets exclude rows; a user's own reason is printed as written."""

_CAUSES: Final[Mapping[Cause, str]] = {
    Cause.PROGRAM: marked("another version of crm-audit"),
    Cause.RULES: marked("rules for minimum data"),
    Cause.SETTINGS: marked("settings of the audit"),
    Cause.LEFT: marked("records no longer there"),
    Cause.ENTERED: marked("records entered"),
    Cause.VALUES: marked("records changed"),
    Cause.OWNERS: marked("other owners or teams"),
    Cause.PLAN: marked("targets"),
    Cause.EXCEPTIONS: marked("exceptions"),
    Cause.PERIOD: marked("another period"),
    Cause.TIME: marked("time passed"),
}

_UNITS: Final[Mapping[Unit, str]] = {
    Unit.COUNT: marked("number"),
    Unit.PERCENT: marked("percent"),
    Unit.MONEY: marked("money"),
    Unit.DAYS: marked("days"),
    Unit.PER_DAY: marked("per working day"),
}

_PERIODS: Final[Mapping[str, str]] = {
    "period": marked("the period"),
    "month": marked("the calendar month"),
    "stock": marked("all there is now"),
    "score": marked("the days of completeness"),
    "base": marked("all records"),
    "next_7_days": marked("the next seven days"),
    "run": marked("this run"),
}

_BASES: Final[Mapping[str, str]] = {
    "database": marked("counted by the CRM's database too"),
    "failing records": marked("records to complete"),
    "people": marked("the CRM's users"),
    "proof": marked("the comparison with the CRM"),
    "targets": marked("the targets"),
    "calendar": marked("the calendar"),
    "settings": marked("the audit's settings"),
    ONE_READING: marked("counted by the CRM's database alone"),
    JUDGED_TEXT: marked("judged from text that equals the CRM's"),
    EARLIER: marked("an earlier report"),
    REMEMBERED: marked("earlier reports and this one"),
}


def verdict_label(verdict: Verdict, language: Language) -> str:
    """'cannot be read': what is wrong with a record."""
    return language.translate(_VERDICTS[verdict])


def kind_label(entity: str, language: Language) -> str:
    """'Meetings': the heading of several."""
    return language.translate(_KINDS[entity])


def entity_label(entity: str, language: Language) -> str:
    """'meeting'."""
    return language.translate(_ENTITIES[entity])


def column_text(column: str) -> LocalText:
    """'close date'; a column that an audit adds keeps its own name."""
    known = _COLUMNS.get(column)
    return in_all(known) if known else same_in_all(column.replace("_", " "))


def column_label(column: str, language: Language) -> str:
    """The same, in one language."""
    known = _COLUMNS.get(column)
    return language.translate(known) if known else column.replace("_", " ")


def field_label(name: str, language: Language) -> str:
    """'meeting: result' for 'meeting.result'; for a whole entity its label."""
    entity, _, column = name.partition(".")
    if not column:
        return entity_label(entity, language)
    return f"{entity_label(entity, language)}: {column_label(column, language)}"


def lackable_label(thing: str, language: Language) -> str:
    """'last name': something that a meeting may lack."""
    return language.translate(_LACKABLE[thing])


def excluded_label(reason: str, language: Language) -> str:
    """Why rows are left out: 'deleted', or 'deleted: cannot be read'."""
    if reason.endswith(UNREADABLE_MARK):
        own = excluded_label(reason.removesuffix(UNREADABLE_MARK), language)
        return language.translate("{reason}: cannot be read", reason=own)
    known = _EXCLUDED.get(reason)
    return language.translate(known) if known else reason.replace("_", " ")


def cause_label(cause: Cause, language: Language) -> str:
    """'records entered': why a figure differs between two runs."""
    return language.translate(_CAUSES[cause])


def unit_label(unit: Unit, language: Language) -> str:
    """The label of a figure's unit."""
    return language.translate(_UNITS[unit])


def period_label(period: str, language: Language) -> str:
    """The label of the days or records that a figure covers."""
    return language.translate(_PERIODS[period])


def basis_label(basis: str, language: Language) -> str:
    """The label of a figure's basis: who counted it."""
    return language.translate(_BASES[basis])
