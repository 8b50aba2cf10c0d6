"""What is asked, and why: at the foot of reports."""

from __future__ import annotations

from dataclasses import replace

from pipeline.model import CHECKED, Demand, FieldSet, Scope, same_in_all
from pipeline.reports.content.management import management_report
from pipeline.reports.content.manager import manager_report
from pipeline.reports.content.report import Report, Table
from tests.factory import result


def asked(report: Report) -> Table:
    (table,) = (table for table in report.tables if table.key == "asked")
    return table


def test_a_managers_page_explains_a_hundred_fields_and_managements_all() -> None:
    demands = tuple(
        Demand(f"f{number}", same_in_all(f"field {number}"), ("name",), number)
        for number in range(120)
    )
    sets = {entity: FieldSet(entity, ()) for entity in CHECKED}
    many = replace(result(), field_sets={**sets, "client": FieldSet("client", demands)})
    person = next(person for person in many.people if person.scope is Scope.MANAGER)
    own, all_of_them = asked(manager_report(many, person)), asked(management_report(many))
    assert [row.label for row in own.rows] == [f"client: field {n}" for n in range(100)]
    assert own.note.startswith("20 more fields")
    assert len(all_of_them.rows) == 120
    assert all_of_them.note == ""
    assert [row.cells[0] for row in own.rows[:3]] == ["no points", "1 point", "2 points"]
