"""The gate of plausibility: each name at its boundary, and that a run or a check stops there."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from pipeline.errors import ConfigError, ImplausibleError
from pipeline.model import ENTITIES, Scope, TableAccount
from pipeline.proof.plausible import EntityCounts, implausibilities, must_be_plausible, names

SCOPES = (Scope.MANAGER, Scope.INACTIVE)


def named(
    *entities: EntityCounts,
    accounts: tuple[TableAccount, ...] = (),
    scopes: tuple[Scope, ...] = SCOPES,
) -> list[str]:
    return [one.name for one in implausibilities(entities, accounts, scopes)]


@pytest.mark.parametrize(
    ("counts", "found"),
    [
        (EntityCounts("deal", 20, {"close_day": (10, 5)}), []),  # half is not over a half
        (EntityCounts("deal", 20, {"close_day": (10, 6)}), ["deal.close_day.unreadable"]),
        (EntityCounts("deal", 20, {"amount": (1, 1), "a": (3, 2)}), ["deal.amount.unreadable", "deal.a.unreadable"]),
        (EntityCounts("deal", 19, {"close_day": (10, 10)}), []),
        (EntityCounts("deal", 20, {"close_day": (0, 0)}), []),  # nothing stated
        (EntityCounts("client", 20, {"private_person": (20, 11)}), ["client.private_person.unreadable"]),
        (EntityCounts("deal", 20, {}, states=(20, 10)), []),
        (EntityCounts("deal", 20, {}, states=(20, 11)), ["deal.stage.unknown"]),
        (EntityCounts("meeting", 20, {}, states=(1, 1)), ["meeting.status.unknown"]),
        (EntityCounts("call", 19, {}, states=(19, 19)), []),
        (EntityCounts("deal", 20, {}, unassigned=10), []),
        (EntityCounts("deal", 21, {}, unassigned=11), ["deal.owner.unassigned"]),
        (EntityCounts("call", 20, {}, unassigned=20), ["call.owner.unassigned"]),
        (EntityCounts("contact", 20, {}, unassigned=20), []),  # a contact may be its client's owner's
        (EntityCounts("client", 2, {}, repeated=[("1", 2)]), ["client.id.twice"]),
    ],
)  # fmt: skip
def test_each_name_at_its_boundary(counts: EntityCounts, found: list[str]) -> None:
    assert named(counts) == found


@pytest.mark.parametrize(
    ("account", "found"),
    [
        (TableAccount("t", 20, 0, {"deleted": 20}), ["t.audited.none"]),
        (TableAccount("t", 19, 0, {"deleted": 19}), []),
        (TableAccount("t", 20, 1, {"deleted": 19}), []),
        (TableAccount("t", 1000, 999, {"deleted_unreadable": 1}), []),
        (TableAccount("t", 1000, 998, {"deleted_unreadable": 2}), ["t.deleted.unreadable"]),
        (TableAccount("t", 3, 2, {"deleted_unreadable": 1}), ["t.deleted.unreadable"]),
        (
            TableAccount("t", 3, 2, {"weg_unreadable": 1}),
            ["t.deleted.unreadable"],
        ),  # a reason has the user's name
        (
            TableAccount("t", 2000, 1996, {"weg_unreadable": 2, "oud_unreadable": 2}),
            ["t.deleted.unreadable"],
        ),
        (TableAccount("t", 2000, 1998, {"weg_unreadable": 2}), []),
    ],
)
def test_each_table_at_its_boundary(account: TableAccount, found: list[str]) -> None:
    assert named(accounts=(account,)) == found


def test_no_manager_at_all_whatever_the_size() -> None:
    assert named(scopes=(Scope.INACTIVE,)) == named(scopes=()) == ["manager.none"]


def test_a_sentence_says_what_where_how_many_and_what_to_do() -> None:
    [one] = implausibilities(
        [EntityCounts("deal", 6_711, {"close_day": (6_711, 6_711)})], (), SCOPES
    )
    assert str(one.sentence) == (
        "6,711 of the 6,711 values of deal.close_day cannot be read; declare how they are written (formats in the "
        "preset), or map another column."
    )
    [twice] = implausibilities(
        [EntityCounts("deal", 2, {}, repeated=[("d\t1", 2)])], (), SCOPES
    )
    assert "'d\\t1' (2 times)" in str(twice.sentence)


def test_what_is_accepted_by_name_passes_and_nothing_else() -> None:
    found = implausibilities(
        [EntityCounts("deal", 20, {}, states=(20, 20), unassigned=20)], (), SCOPES
    )
    must_be_plausible((), ())
    must_be_plausible(found, ["deal.stage.unknown", "deal.owner.unassigned"])
    with pytest.raises(
        ImplausibleError, match=r"deal\.owner\.unassigned: 20 of 20 records of deal"
    ) as caught:
        must_be_plausible(found, ["deal.stage.unknown"])
    assert caught.value.exit_status == 6
    assert "deal.stage.unknown" not in str(caught.value)


def test_the_names_that_can_be_accepted() -> None:
    known = names(ENTITIES, ["t"])
    assert {"deal.amount.unreadable", "call.status.unknown", "meeting.owner.unassigned", "t.audited.none",
            "t.deleted.unreadable", "manager.none", "client.private_person.unreadable"} <= known  # fmt: skip
    assert not known & {"deal.name.unreadable", "client.owner.unassigned", "deal.id.twice"}


# ------------------------------------------------------------------------------------------------ a run and a check

OWN = """
about: Ours
dialects: [sqlite]
money: decimal
states: {deal: {open: [open], won: [won]}}
entities:
  user: {table: people, columns: {id: id, name: name, active: active, person: active}}
  deal: {table: deals, columns: {id: id, owner_id: owner, name: name, stage: stage, close_day: day, created_at: made}}
"""


@pytest.fixture
def audit(tmp_path: Path) -> Path:
    """Twenty deals of one manager, of which nothing is odd."""
    with sqlite3.connect(tmp_path / "crm.db") as db:
        db.executescript(
            "CREATE TABLE people (id TEXT, name TEXT, active INT);"
            "INSERT INTO people VALUES ('a', 'Anna', 1);"
            "CREATE TABLE deals (id TEXT, owner TEXT, name TEXT, stage TEXT, day TEXT, made TEXT);"
        )
        rows = [
            (f"d{n}", "a", "x", "open", "2026-11-20", "2026-11-02 09:00:00") for n in range(20)
        ]
        db.executemany("INSERT INTO deals VALUES (?, ?, ?, ?, ?, ?)", rows)
    (tmp_path / "own.yaml").write_text(OWN, "utf-8")
    file = tmp_path / "audit.yaml"
    file.write_text(
        "name: T\nsource: {url: 'sqlite:///crm.db', preset: own.yaml}\nzone: UTC\ncurrency: EUR\n",
        "utf-8",
    )
    return file


def change(audit: Path, sql: str) -> None:
    with sqlite3.connect(audit.parent / "crm.db") as db:
        db.execute(sql)


ODD = {
    "deal.close_day.unreadable": "UPDATE deals SET day = '20 nov' WHERE id > 'd1'",
    "deal.stage.unknown": "UPDATE deals SET stage = 'Open' WHERE id > 'd1'",
    "deal.owner.unassigned": "UPDATE deals SET owner = 'nobody' WHERE id > 'd1'",
    "manager.none": "UPDATE people SET active = 0",
}


@pytest.mark.parametrize("name", [*ODD, "deal.id.twice"])
def test_check_says_it_and_not_ready(
    audit: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    from datetime import UTC, datetime

    from pipeline.config import load_audit
    from pipeline.flows.check import check_audit

    now = datetime(2026, 11, 24, 8, tzinfo=UTC)
    change(audit, ODD.get(name, "UPDATE deals SET id = 'd1' WHERE id = 'd2'"))
    with pytest.raises(ImplausibleError, match=name):
        check_audit(load_audit(audit), now)
    said = capsys.readouterr().out
    assert f"Not plausible: {name}" in said
    assert "Ready" not in said
    if name in ODD:
        audit.write_text(audit.read_text("utf-8") + f"accept: [{name}]\n", "utf-8")
        check_audit(load_audit(audit), now)
        said = capsys.readouterr().out
        assert f"Accepted: {name}" in said
        assert "Ready" in said


def test_where_states_follow_from_the_hour_none_of_them_is_unknown(audit: Path) -> None:
    """A meeting without an hour has no state then, and no word that a preset could map."""
    from datetime import UTC, datetime

    from pipeline.config import load_audit
    from pipeline.flows.check import check_audit

    change(audit, "CREATE TABLE visits AS SELECT id, owner, NULL AS start, made FROM deals")
    (audit.parent / "own.yaml").write_text(
        OWN + "  meeting: {table: visits, columns: {id: id, owner_id: owner, start_at: start,"
        " created_at: made}}\nabsent: {meeting.status: no column holds it}\n",
        "utf-8",
    )
    audit.write_text(
        audit.read_text("utf-8").replace("own.yaml}", "own.yaml, end_passed_is_held: true}"),
        "utf-8",
    )
    check_audit(load_audit(audit), datetime(2026, 11, 24, 8, tzinfo=UTC))


def test_a_run_stops_unless_it_is_accepted_and_the_report_says_so(audit: Path) -> None:
    from datetime import UTC, datetime

    from pipeline.config import load_audit
    from pipeline.flows import run
    from pipeline.progress import Silence
    from pipeline.reports.content.management import management_report

    now = datetime(2026, 11, 24, 8, tzinfo=UTC)
    change(audit, ODD["deal.stage.unknown"])
    data = audit.parent / "data"
    data.mkdir()
    run.extract(load_audit(audit), data, clock=lambda: now, as_of=None, progress=Silence())
    with pytest.raises(
        ImplausibleError, match=r"deal\.stage\.unknown: 18 of the 20 values of deal\.stage"
    ):
        run.compute(data, audit=load_audit(audit).resolved(), run_id="r", progress=Silence())
    audit.write_text(audit.read_text("utf-8") + "accept: [deal.stage.unknown]\n", "utf-8")
    result = run.compute(
        data, audit=load_audit(audit).resolved(), run_id="r", progress=Silence()
    )
    assert [note for note in management_report(result).notes if "deal.stage.unknown" in note]


@pytest.mark.parametrize(
    ("name", "said"),
    [("deal.stage.unkown", "Did you mean deal.stage.unknown"), ("deal.id.twice", "cannot be accepted"),
     ("nothing", "there is no nothing"), ("people.audited.nobody", "Did you mean people.audited.none")],
)  # fmt: skip
def test_a_name_that_is_none_is_refused(audit: Path, name: str, said: str) -> None:
    from pipeline.config import load_audit

    audit.write_text(audit.read_text("utf-8") + f"accept: [{name}]\n", "utf-8")
    with pytest.raises(ConfigError, match=said):
        load_audit(audit)
