"""The demo CRM: the same every time, about as large as promised, and dirty in every way that the audit finds."""

from __future__ import annotations

import csv
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from time import perf_counter
from zoneinfo import ZoneInfo

import pytest
import yaml

from pipeline.demo import write_demo
from pipeline.demo.words import FILLERS, HOSTILE, NO_NUMBERS
from pipeline.errors import PublishError
from tests.paths import ROOT

TODAY = date(2026, 11, 24)
# in mid-month, a leap day, a holiday on the first, a Sunday on the first, a Saturday on the first, a second
OTHER_DAYS = [
    date(2024, 2, 29),
    date(2026, 1, 1),
    date(2026, 3, 1),
    date(2025, 11, 1),
    date(2026, 9, 2),
]
PRESET = ROOT / "pipeline" / "presets" / "demo.yaml"
KEPT_FOR_FICTION = (
    "+33 1 99 00 ", "+33 2 61 91 ", "+33 3 53 01 ", "+33 4 65 71 ", "+33 5 36 49 ",
    "+31 6 0000 ", "+1 202 555 01", "+44 20 7946 0",
)  # fmt: skip
BLANK = "trim(coalesce({}, ''), char(32, 160, 12288)) = ''"
LIVE_MANAGERS = (
    "owner_id IN (SELECT id FROM users WHERE is_active AND NOT is_deleted AND NOT is_system)"
)
PROMISED = {
    "clients": 1_800, "contacts": 3_500, "leads": 900, "meetings": 6_000, "calls": 6_000, "deals": 1_600,
}  # fmt: skip


def utc(day: date, hour: int = 0) -> str:
    return (
        datetime.combine(day, time(hour), ZoneInfo("Europe/Amsterdam"))
        .astimezone(UTC)
        .strftime("%Y-%m-%d %H:%M:%S")
    )


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, float]:
    """A folder with a demo, and the seconds that it took."""
    folder, began = tmp_path_factory.mktemp("demo"), perf_counter()
    write_demo(folder, TODAY)
    return folder, perf_counter() - began


@pytest.fixture(scope="module")
def folder(written: tuple[Path, float]) -> Path:
    return written[0]


@pytest.fixture
def db(folder: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(folder / "crm.db")) as connection:
        yield connection


@pytest.fixture(scope="module", params=[TODAY, *OTHER_DAYS], ids=str)
def dated(
    request: pytest.FixtureRequest, folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[date, Path]:
    if request.param != TODAY:
        folder = tmp_path_factory.mktemp("dated")
        write_demo(folder, request.param)
    return request.param, folder


def number(db: sqlite3.Connection, table: str, where: str = "1", *values: object) -> int:
    return int(db.execute(f"SELECT count(*) FROM {table} WHERE {where}", values).fetchone()[0])


def contents(folder: Path) -> tuple[list[str], str, str]:
    with closing(sqlite3.connect(folder / "crm.db")) as db:
        return (
            list(db.iterdump()),
            (folder / "targets.csv").read_text("utf-8"),
            (folder / "exceptions.csv").read_text("utf-8")
            + (folder / "audit.yaml").read_text("utf-8"),
        )


def test_same_seed_same_content_and_another_seed_another(folder: Path, tmp_path: Path) -> None:
    write_demo(tmp_path / "again", TODAY)
    write_demo(tmp_path / "other", TODAY, seed=8)
    assert contents(tmp_path / "again") == contents(folder)
    assert contents(tmp_path / "other")[0] != contents(folder)[0]


def test_is_written_fast(written: tuple[Path, float]) -> None:
    assert written[1] < 5  # 0.5 s; a crowded machine gets its share


def test_only_its_files_are_left(folder: Path, db: sqlite3.Connection) -> None:
    assert db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    db.close()
    assert sorted(path.name for path in folder.iterdir()) == [
        "audit.yaml",
        "crm.db",
        "exceptions.csv",
        "expectations",
        "targets.csv",
    ]


@pytest.mark.parametrize("name", ["crm.db", "audit.yaml", "targets.csv", "exceptions.csv"])
def test_leaves_existing_files_alone(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("mine")
    with pytest.raises(PublishError, match="holds files that are no demo"):
        write_demo(tmp_path, TODAY)
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert (tmp_path / name).read_text() == "mine"


def test_a_demo_is_written_anew_over_a_demo(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    write_demo(tmp_path, date(2024, 2, 29))
    planned = (tmp_path / "targets.csv").read_text("utf-8")
    assert "2024-02" in planned
    assert "2026-11" not in planned
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "audit.yaml",
        "crm.db",
        "exceptions.csv",
        "expectations",
        "targets.csv",
    ]


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(PublishError, match="cannot be written"):
        write_demo(tmp_path / "file" / "demo", TODAY)


def test_says_that_everybody_is_fictional(folder: Path, db: sqlite3.Connection) -> None:
    assert "fictional" in (folder / "audit.yaml").read_text("utf-8").split("name:")[0]
    assert all(
        "fictional" in sql
        for (sql,) in db.execute("SELECT sql FROM sqlite_master WHERE type = 'table'")
    )


def test_configuration(folder: Path) -> None:
    assert yaml.safe_load((folder / "audit.yaml").read_text("utf-8")) == {
        "name": "Demo Sales",
        "id": "demo",
        "source": {"url": "sqlite:///crm.db", "preset": "demo"},
        "zone": "Europe/Amsterdam",
        "currency": "EUR",
        "working_week": ["mon", "tue", "wed", "thu", "fri"],
        "period": "month",
        "targets": "targets.csv",
        "exceptions": "exceptions.csv",
        "field_sets": "expectations",
        "region": "NL",
        "output": "output",
        "schedule": {"weekly": "0 7 * * mon"},
    }


@pytest.mark.parametrize("table", PROMISED)
def test_sizes(db: sqlite3.Connection, table: str) -> None:
    assert number(db, table) == pytest.approx(PROMISED[table], rel=0.02)


def test_who(db: sqlite3.Connection) -> None:
    assert number(db, "users") == 15
    assert (
        number(
            db,
            "users",
            "is_active AND NOT is_deleted AND NOT is_system AND team_id IS NOT NULL",
        )
        == 12
    )
    for which in ("NOT is_active AND NOT is_deleted", "is_deleted", "is_system"):
        assert number(db, "users", which) == 1
        assert number(db, "leads", f"owner_id IN (SELECT id FROM users WHERE {which})") > 10
    assert number(db, "teams t JOIN users u ON u.id = t.leader_id AND u.team_id = t.id") == 2


def test_every_select_of_the_preset_gives_a_row_per_row(dated: tuple[date, Path]) -> None:
    preset = yaml.safe_load(PRESET.read_text("utf-8"))
    with closing(sqlite3.connect(dated[1] / "crm.db")) as db:
        for part in preset["entities"].values():
            assert len(db.execute(part["select"]).fetchall()) == number(db, part["table"])
        for table, select in preset["tables"].items():
            assert len(db.execute(select).fetchall()) == number(db, table)


EMPTY = [
    ("meetings", "status = 'held' AND result IS NULL", 30),
    ("meetings", "status = 'held' AND result = ''", 30),
    ("meetings", "status = 'held' AND result = '   '", 10),
    ("meetings", "status = 'held' AND result = char(160)", 10),
    ("meetings", "status = 'held' AND result = char(12288)", 10),
    ("meetings", BLANK.format("subject"), 100),
    (
        "meetings",
        "client_id IS NULL AND lead_id IS NULL AND id NOT IN (SELECT meeting_id FROM meeting_contacts)",
        100,
    ),
    ("contacts", f"{BLANK.format('phone')} AND {BLANK.format('email')}", 50),
    ("contacts", BLANK.format("last_name"), 50),
    ("contacts", BLANK.format("first_name"), 50),
    ("clients", BLANK.format("name"), 10),
    ("clients", f"{BLANK.format('phone')} AND {BLANK.format('email')}", 30),
    ("leads", f"{BLANK.format('phone')} AND {BLANK.format('email')}", 20),
    ("calls", BLANK.format("direction"), 100),
    ("calls", BLANK.format("status"), 30),
    ("calls", "client_id IS NULL AND contact_id IS NULL", 100),
    ("deals", "client_id IS NULL", 30),
    ("deals", "amount_cents IS NULL", 30),
    ("deals", "stage IN ('new', 'proposal', 'negotiation') AND closed_on IS NULL", 5),
]
ODD = [
    ("meetings", "status = 'tbd'", 5),
    ("calls", "status = 'tbd'", 5),
    ("deals", "stage = 'tbd'", 4),
    ("meetings", "status = 'held' AND starts_at > '2026-11-25'", 7),
    ("meetings", "status = 'held' AND starts_at IS NULL AND created_at IS NOT NULL", 8),
    ("meetings", "starts_at IS NULL AND created_at IS NULL", 1),
    ("calls", "starts_at IS NULL AND created_at IS NULL", 1),
    ("deals", "currency = 'USD'", 3),
    ("deals", "stage = 'won' AND substr(created_at, 1, 10) > closed_on", 3),
    ("leads", "status = 'converted'", 100),
    (
        "contacts",
        "owner_id IS NULL AND client_id IN (SELECT id FROM clients WHERE owner_id IS NOT NULL)",
        100,
    ),
    ("contacts", "client_id IS NULL", 50),
    ("contacts", "client_id NOT IN (SELECT id FROM clients)", 8),
    ("meetings", "client_id NOT IN (SELECT id FROM clients)", 4),
    ("calls", "client_id NOT IN (SELECT id FROM clients)", 5),
    ("deals", "client_id NOT IN (SELECT id FROM clients)", 5),
    ("meeting_contacts", "contact_id NOT IN (SELECT id FROM contacts)", 4),
]


@pytest.mark.parametrize(("table", "where", "least"), [*EMPTY, *ODD])
def test_dirt(db: sqlite3.Connection, table: str, where: str, least: int) -> None:
    assert number(db, table, where) >= least


@pytest.mark.parametrize("table", PROMISED)
def test_dirt_of_ownership(db: sqlite3.Connection, table: str) -> None:
    assert number(db, table, "owner_id IS NULL") >= 12
    assert number(db, table, "owner_id NOT IN (SELECT id FROM users)") >= 7
    assert (
        number(
            db, table, "owner_id IN (SELECT id FROM users WHERE is_deleted OR NOT is_active)"
        )
        >= 10
    )
    assert 0.01 < number(db, table, "is_deleted") / PROMISED[table] < 0.03


def test_dirt_is_uneven(db: sqlite3.Connection) -> None:
    share = dict(
        db.execute(
            f"SELECT owner_id, avg({BLANK.format('result')}) FROM meetings"
            f" WHERE status = 'held' AND {LIVE_MANAGERS} GROUP BY owner_id"
        ).fetchall()
    )
    assert share["u02"] > 0.7
    assert share["u01"] < 0.05
    assert len(share) == 12


def test_jpy_is_rare(db: sqlite3.Connection) -> None:
    assert 1 <= number(db, "deals", "currency = 'JPY'") <= 2
    assert number(db, "deals", "currency = 'EUR'") > 1_500
    assert number(db, "deals", "typeof(amount_cents) NOT IN ('integer', 'null')") == 0


@pytest.mark.parametrize(
    ("table", "column", "value"), HOSTILE, ids=[ascii(value)[:20] for *_, value in HOSTILE]
)
def test_hostile_texts(db: sqlite3.Connection, table: str, column: str, value: str) -> None:
    assert number(db, table, f"{column} = ? AND NOT is_deleted AND {LIVE_MANAGERS}", value) == 1


def test_hostile_texts_hold_what_was_promised() -> None:
    values = [value for *_, value in HOSTILE]
    for part in (
        "<script>",
        "=HYPERLINK(",
        "+1+1",
        "../",
        "\u202e",
        "\x0b",
        "\U0001f382",
        '"',
        "'",
    ):
        assert any(part in value for value in values)
    assert max(map(len, values)) == 40_000


def test_overdue_and_private_persons(db: sqlite3.Connection) -> None:
    past = number(db, "meetings", "starts_at < ?", utc(TODAY))
    assert (
        0.02
        < number(db, "meetings", "status = 'planned' AND starts_at < ?", utc(TODAY)) / past
        < 0.04
    )
    assert number(db, "clients", "kind = 'person'") / number(db, "clients") == pytest.approx(
        0.15, abs=0.03
    )


def test_nothing_real(db: sqlite3.Connection) -> None:
    for table in ("clients", "contacts", "leads"):
        for phone, email in db.execute(f"SELECT phone, email FROM {table}"):
            if phone and phone.strip():
                assert phone.startswith(KEPT_FOR_FICTION) or phone in FILLERS + NO_NUMBERS
            if email and "@" in email and not email.endswith("@"):
                assert email.endswith((".example", ".example.com", "@example.com"))


def test_ids(db: sqlite3.Connection) -> None:
    for table in PROMISED:
        assert number(db, table, "typeof(id) <> 'text'") == 0
    long = [
        row[0]
        for row in db.execute("SELECT id FROM clients UNION ALL SELECT id FROM meetings")
        if row[0].isdigit()
    ]
    assert 4 <= len(long) <= 20
    assert len({float(value) for value in long}) < len(long)  # what a float would do to them


def test_trail_ends_where_the_deal_is(db: sqlite3.Connection) -> None:
    last = db.execute(
        "SELECT d.stage, (SELECT new_value FROM changes c WHERE c.table_name = 'deals' AND c.record_id = d.id"
        " AND c.field = 'stage' ORDER BY c.changed_at DESC, c.id DESC LIMIT 1) FROM deals d WHERE d.stage <> 'new'"
    ).fetchall()
    assert len(last) > 1_000
    assert all(stage == new for stage, new in last)
    assert (
        number(db, "changes", "field = 'owner_id' AND old_value = 'u13' AND new_value = 'u12'")
        > 50
    )


def test_records_lie_around_today(dated: tuple[date, Path]) -> None:
    today, folder = dated
    first, last = utc(today - timedelta(days=366)), utc(today + timedelta(days=61))
    with closing(sqlite3.connect(folder / "crm.db")) as db:
        for table, promised in PROMISED.items():
            assert number(db, table) == pytest.approx(promised, rel=0.02)
            assert (
                number(db, table, "created_at < ? OR created_at > ?", first, utc(today, 9)) == 0
            )
        for table in ("meetings", "calls"):
            assert number(db, table, "starts_at < ? OR starts_at > ?", first, last) == 0
            assert (
                number(db, table, "starts_at > ? AND status = 'planned'", utc(today, 9)) > 100
            )
            assert number(db, table, "ends_at <= starts_at") == 0
        assert (
            number(
                db,
                "meetings",
                "starts_at > ? AND status IN ('cancelled', 'no show')",
                utc(today, 9),
            )
            == 0
        )
        assert (
            number(db, "deals", "stage IN ('won', 'lost') AND closed_on > ?", today.isoformat())
            == 0
        )
        assert (
            number(db, "changes", "changed_at < ? OR changed_at > ?", first, utc(today, 9)) == 0
        )
        months = number(
            db, "(SELECT DISTINCT substr(closed_on, 1, 7) FROM deals WHERE stage = 'won')", "1"
        )
        assert months >= 12


def test_the_current_month_is_healthy(dated: tuple[date, Path]) -> None:
    today, folder = dated
    month = today.replace(day=1)
    with closing(sqlite3.connect(folder / "crm.db")) as db:
        won = f"stage = 'won' AND closed_on BETWEEN ? AND ? AND NOT is_deleted AND {LIVE_MANAGERS}"
        held = f"status = 'held' AND starts_at BETWEEN ? AND ? AND NOT is_deleted AND {LIVE_MANAGERS}"
        sql = "SELECT count(DISTINCT owner_id) FROM {} WHERE {}"
        assert (
            db.execute(
                sql.format("deals", won), (month.isoformat(), today.isoformat())
            ).fetchone()[0]
            >= 8
        )
        assert (
            db.execute(sql.format("meetings", held), (utc(month), utc(today, 9))).fetchone()[0]
            >= 8
        )


def test_stories(db: sqlite3.Connection) -> None:
    """What the reports tell about people: the star, the one who keeps everything open, the silent one."""
    won = "stage = 'won' AND NOT is_deleted AND closed_on {}"
    assert number(db, "deals", won.format("IS NULL") + f" AND {LIVE_MANAGERS}") == 14
    assert (
        number(
            db,
            "deals",
            won.format("BETWEEN '2026-11-01' AND '2026-11-24'") + " AND owner_id = 'u02'",
        )
        == 9
    )
    is_open = "stage IN ('new', 'proposal', 'negotiation') AND NOT is_deleted"
    stock = dict(
        db.execute(
            f"SELECT owner_id, count(*) FROM deals WHERE {is_open} GROUP BY owner_id"
        ).fetchall()
    )
    others = [many for owner, many in stock.items() if owner != "u04"]
    assert stock["u04"] > 2 * max(others) - 10
    assert (
        number(db, "deals", f"{is_open} AND owner_id = 'u04' AND closed_on < '2026-11-24'") > 20
    )
    entered = " UNION ".join(
        f"SELECT substr(created_at, 1, 10) FROM {table} WHERE owner_id = 'u09' AND created_at > '2026-11-11'"
        for table in PROMISED
    )
    assert len(db.execute(entered).fetchall()) == 4  # of the last ten working days


def test_exceptions(dated: tuple[date, Path]) -> None:
    """One is in force, one under discussion, one over; each is about what a record lacks."""
    today, folder = dated
    with (folder / "exceptions.csv").open(encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file))
    lacks = {
        "meeting": "SELECT result IS NULL FROM meetings WHERE status = 'held' AND id = ?",
        "deal": "SELECT amount_cents IS NULL FROM deals WHERE id = ?",
        "contact": "SELECT coalesce(phone, '') || coalesce(email, '') = '' FROM contacts WHERE id = ?",
    }
    with closing(sqlite3.connect(folder / "crm.db")) as db:
        for line in lines:
            assert db.execute(lacks[line["kind"]], [line["record"]]).fetchone() == (1,)
    assert [line["state"] for line in lines] == ["exempt", "disputed", "exempt"]
    assert lines[0]["until"] > today.isoformat() > lines[2]["until"]


def test_targets(dated: tuple[date, Path]) -> None:
    today, folder = dated
    with (folder / "targets.csv").open(encoding="utf-8", newline="") as file:
        assert file.readline() == "manager,month,metric,target\n"
        rows = list(csv.reader(file))
    before, after = (
        today.replace(day=1) - timedelta(days=1),
        today.replace(day=1) + timedelta(days=32),
    )
    assert {row[1] for row in rows} == {f"{day:%Y-%m}" for day in (before, today, after)}
    assert {row[2] for row in rows} == {"deals_won", "meetings_held", "clients_new"}
    assert all(int(row[3]) > 0 for row in rows)
    assert len(rows) == len({tuple(row[:3]) for row in rows}) == 90
    with closing(sqlite3.connect(folder / "crm.db")) as db:
        active = {
            row[0]
            for row in db.execute("SELECT id FROM users WHERE is_active AND NOT is_deleted")
        }
    assert len({row[0] for row in rows} & active) == len({row[0] for row in rows}) == 10
    assert ["u02", f"{today:%Y-%m}", "deals_won", "8"] in rows
