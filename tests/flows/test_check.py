"""`crm-audit check`: what an administrator sees before the first run, and whose data he does not see."""

from __future__ import annotations

import re
import shutil
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import redirect_stdout
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from io import StringIO
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import yaml

from pipeline import source
from pipeline.cli import common
from pipeline.config import Audit, load_audit
from pipeline.demo import write_demo
from pipeline.errors import ConfigError, SourceError
from pipeline.flows import extract, run
from pipeline.flows.check import check_audit
from pipeline.flows.check.looking import Pace, look
from pipeline.flows.check.masking import mask
from pipeline.flows.check.sentences import on_field_sets, on_the_hold
from pipeline.flows.check.tables import share
from pipeline.model import Demand, FieldSet, Kind
from pipeline.model.conditions import InState
from pipeline.progress import Silence
from pipeline.values.white_space import WHITE_SPACE
from tests.crms.files.ours import prepared as exports
from tests.crms.suitecrm.database import Database, suitecrm
from tests.crms.suitecrm.ours import URL, prepared
from tests.crms.suitecrm.test_transaction import NOW
from tests.requirements import require_shared
from tests.small_demo import write_tiny_demo

AS_OF = datetime(2026, 11, 24, 8, tzinfo=UTC)
AMSTERDAM = ZoneInfo("Europe/Amsterdam")


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("check")
    write_demo(folder, date(2026, 11, 24))
    return folder


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tiny")
    write_tiny_demo(folder, date(2026, 11, 24))
    return folder


def changed(folder: Path, demo: Path, **keys: object) -> Audit:
    """The demo's audit with other keys, in a folder of its own."""
    document = yaml.safe_load((demo / "audit.yaml").read_text()) | keys
    document["source"]["url"] = f"sqlite:///{demo / 'crm.db'}"
    for key, file in (
        ("targets", "targets.csv"),
        ("field_sets", "expectations"),
        ("exceptions", "exceptions.csv"),
    ):
        if document.get(key) == file:
            document[key] = str(demo / file)
    (folder / "audit.yaml").write_text(yaml.safe_dump(document))
    return load_audit(folder / "audit.yaml")


def said(audit: Audit, capsys: pytest.CaptureFixture[str], now: datetime = AS_OF) -> str:
    check_audit(audit, now)
    return capsys.readouterr().out


@pytest.fixture(scope="module")
def whole(demo: Path) -> str:
    with redirect_stdout(StringIO()) as stream:
        check_audit(load_audit(demo / "audit.yaml"), AS_OF)
    return stream.getvalue()


# ------------------------------------------------------------------------------------------------ what it shows


def test_it_fits_a_hundred_columns(whole: str) -> None:
    assert max(len(line) for line in whole.splitlines()) <= 100
    assert "\x1b" not in whole


def test_rows_and_reasons_per_record(whole: str) -> None:
    assert re.search(r"meeting +│ meetings +│ 5,999 │ +5,894 │ +105 │ deleted 105", whole)
    assert re.search(r"lead +│ leads +│ +901 │ +601 │ +300 │ converted 280, deleted 20", whole)


def test_ranges_and_empty_columns_equal_plain_sql(demo: Path, whole: str) -> None:
    with sqlite3.connect(demo / "crm.db") as db:
        [(first, last)] = db.execute(
            "SELECT min(starts_at), max(starts_at) FROM meetings WHERE NOT is_deleted"
        )
        results = [
            result or ""
            for (result,) in db.execute("SELECT result FROM meetings WHERE NOT is_deleted")
        ]
    rows, none = len(results), sum(not result.strip(WHITE_SPACE) for result in results)
    ends = [
        f"{datetime.fromisoformat(end).replace(tzinfo=UTC).astimezone(AMSTERDAM):%Y-%m-%d %H:%M}"
        for end in (first, last)
    ]
    assert re.search(rf"meeting +│ start_at +│ {ends[0]} │ {ends[1]} │ +0 │", whole)
    assert re.search(rf"│ result +│ +{100 * none / rows:.1f}% │", whole)


def test_field_sets_are_sentences(whole: str) -> None:
    assert (
        "  A meeting owes a date, a subject, a contact and, once held, its result.\n" in whole
    )
    assert "  A client owes a name and a phone or e-mail.\n" in whole


def test_what_is_not_checked_is_said() -> None:
    fields = (
        Demand("reason", "reason", ("reason",), when=InState(("not held",))),
        Demand("agenda", "agenda", ("agenda",), weight=2),
    )
    lines = list(
        on_field_sets({"meeting": FieldSet("meeting", fields, {"result": "it has none"})})
    )
    assert lines == [
        "A meeting owes an agenda (counts 2) and, if the status is not held, its reason.",
        "  Not checked: result (it has none).",
    ]
    assert list(on_field_sets({"lead": FieldSet("lead", ())})) == ["A lead owes nothing."]


def test_the_hold_is_measured_and_near_a_run_s(demo: Path) -> None:
    audit = load_audit(demo / "audit.yaml")
    seen = look(audit, extract.window_of(audit, AS_OF, injected=False))
    assert (seen.pace.tried, seen.pace.rows) == (22806, 24755)
    assert 0 < seen.pace.counting < seen.pace.hold < 60


def test_the_hold_says_what_was_measured() -> None:
    text = on_the_hold(Pace(counting=10, rows=1_000_000, tried=10_000, reading=2), limit=120)
    assert text.startswith(
        "A run would hold the CRM for about 3.5 minutes; 2 minutes are allowed. Measured: "
    )
    assert (
        "reading and storing 10,000 of its 1,000,000 rows, 2.0 s; the other rows at that pace"
        in text
    )
    assert text.endswith("That is more than allowed: use a replica, or raise source.max_hold.")


@pytest.mark.parametrize(
    ("part", "shown"),
    [(0, "0%"), (1, "0.1%"), (5_000, "50.0%"), (9_999, "99.9%"), (10_000, "100%")],
)
def test_only_nothing_is_none_and_only_all_is_all(part: int, shown: str) -> None:
    assert share(part, 10_000) == shown


def test_permissions_tell_whether_it_could_write(
    tiny: Path, whole: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "This account could write to the CRM" in whole
    assert "grants" in whole
    # the superuser may write to whatever it likes
    monkeypatch.setattr(
        "os.access", lambda path, mode: bool(path.stat().st_mode & stat.S_IWUSR)
    )
    audit, file = load_audit(tiny / "audit.yaml"), tiny / "crm.db"
    file.chmod(0o400)
    try:
        seen = look(audit, extract.window_of(audit, AS_OF, injected=False))
    finally:
        file.chmod(0o600)
    assert seen.rights == source.Rights(
        False, "the permissions of the database file let this user only read it"
    )


# ------------------------------------------------------------------------------------------------ masked


@pytest.mark.parametrize(
    ("column", "kind", "value", "shown"),
    [
        ("first_name", Kind.TEXT, "Jansen", "J…"),
        ("last_name", Kind.TEXT, "  de Vries", "d…"),
        ("name", Kind.TEXT, "Jan", "J…"),
        ("first_name", Kind.TEXT, "Ж", "Ж…"),
        ("first_name", Kind.TEXT, "\u202eevil", "?…"),
        ("first_name", Kind.TEXT, "\x1b[31m", "?…"),
        ("first_name", Kind.TEXT, None, "–"),
        ("first_name", Kind.TEXT, " \u00a0", "–"),
        ("phone", Kind.TEXT, "06-123 45678", "xx-xxxxxxxx"),
        ("phone", Kind.TEXT, "ask Jan: +31 6 12345678", "???????+xx…"),
        ("phone", Kind.TEXT, "٠٦١٢", "xxxx"),
        ("email", Kind.TEXT, "jan@example.com", "j…@…"),
        ("email", Kind.TEXT, "jan at example", "j…"),
        ("subject", Kind.TEXT, "Jansen is ill", "13 chars"),
        ("result", Kind.TEXT, "n" * 40_000, "40,000 chars"),
        ("shoe_size_of_boss", Kind.TEXT, "Jansen 43", "9 chars"),
        ("status", Kind.TEXT, "held", "held"),
        ("status", Kind.TEXT, "Jansen called", "J…"),
        (
            "status",
            Kind.TEXT,
            "held\x1b[2J",
            "h…",
        ),  # a word of the CRM's own, and yet it would steer a terminal
        ("status", Kind.TEXT, "\u202eheld", "?…"),
        ("person_kind", Kind.TEXT, "con\x1btact", "8 chars"),
        ("stage", Kind.TEXT, "Jansen", "J…"),
        ("id", Kind.TEXT, "c000147", "c000147"),
        ("id", Kind.TEXT, 4711, "4711"),
        ("id", Kind.TEXT, "1de64bc6-4a3e-11ee-9", "1de64bc6-4…"),
        ("owner_id", Kind.TEXT, "jansen", "j…"),
        ("owner_id", Kind.TEXT, "Ada", "A…"),
        ("owner_id", Kind.TEXT, "seed_max_id", "s…"),
        ("amount", Kind.MONEY, Decimal("12345.60"), "xxxxx.xx"),
        ("currency", Kind.TEXT, "EUR", "EUR"),
        ("currency", Kind.TEXT, "Jan", "J…"),
        ("active", Kind.FLAG, 1, "yes"),
        ("active", Kind.FLAG, 0, "no"),
        ("person_kind", Kind.TEXT, "contact", "contact"),
        ("start_at", Kind.INSTANT, datetime(2026, 11, 24, 23, 30), "2026-11-25"),
        ("start_at", Kind.INSTANT, "2026-11-24 23:30:00", "2026-11-25"),
        ("start_at", Kind.INSTANT, "after Jan", "????????"),
        ("close_day", Kind.DAY, date(2026, 11, 24), "2026-11-24"),
        ("close_day", Kind.DAY, "2026-11-24", "2026-11-24"),
        ("name", Kind.TEXT, b"Jan", "J…"),
    ],
)
def test_a_cell_is_masked(column: str, kind: Kind, value: object, shown: str) -> None:
    words = {"held", "planned", "held\x1b[2J", "\u202eheld"}
    assert mask(column, kind, value, words, AMSTERDAM) == shown


def test_nobody_s_whole_data_is_shown(demo: Path, whole: str) -> None:
    with sqlite3.connect(demo / "crm.db") as db:
        people = [
            value
            for table, columns in (("contacts", "last_name, phone, email"), ("users", "first_name, last_name"),
                                   ("clients", "name, phone, email"), ("meetings", "subject, result"))
            for row in db.execute(f"SELECT {columns} FROM {table}")
            for value in row
            if value and len(value.strip()) > 3
        ]  # fmt: skip
    shown = {
        cell.strip()
        for line in whole.splitlines()
        if line.startswith("│")
        for cell in line.split("│")
    }
    assert len(people) > 5_000
    assert not shown & {value.strip() for value in people}
    assert "@example" not in whole


# ------------------------------------------------------------------------------------------------ warnings


def test_targets_of_users_who_are_no_managers_are_listed(
    tiny: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    audit = changed(tmp_path, tiny, targets={
        "u02": {"2026-11": {"deals_won": 3}}, "u99": {"2026-11": {"deals_won": 3}},
        "j.jansen": {"2026-12": {"deals_won": 1}},
    })  # fmt: skip
    warned = "targets are set for users who are no managers of this CRM, and count in no plan: j.jansen, u99."
    assert f"Warning: {warned}" in " ".join(said(audit, capsys).split())
    data = tmp_path / "data"
    data.mkdir()
    run.extract(audit, data, clock=lambda: AS_OF, as_of=None, progress=Silence())
    assert run.compute(data, run_id="r", progress=Silence()).warnings == (warned,)


def test_a_run_and_a_schedule_print_the_warnings(capsys: pytest.CaptureFixture[str]) -> None:
    common.warn(("beware.",))
    assert capsys.readouterr().err == "Warning: beware.\n"


def test_the_demo_warns_of_what_has_ended_and_of_fields_that_nobody_fails(whole: str) -> None:
    ended, *fields = " ".join(whole.split()).split("Warning: ")[1:]
    assert ended.startswith("exceptions.csv, line 4")
    assert [warning.partition(":")[0] for warning in fields] == ["call.date", "deal.stage"]
    assert all("of the last twelve months fails it" in warning for warning in fields)


def test_an_audit_without_an_id_is_told_what_to_add(
    tiny: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    audit = changed(tmp_path, tiny)
    nameless = replace(audit, settings=audit.settings.model_copy(update={"id": ""}))
    assert "Warning: audit.yaml has no id" in " ".join(said(nameless, capsys).split())


@pytest.mark.parametrize("found", ["Sales", "no", "-sales", "sales europe", "x" * 41])
def test_an_id_is_for_machines(demo: Path, tmp_path: Path, found: str) -> None:
    with pytest.raises(ConfigError, match=rf"'{found}' is no id of an audit"):
        changed(tmp_path, demo, id=found)


@pytest.mark.parametrize(
    "name", ["meetings.yaml", "Meeting.yaml", "meeting.yml", "manager.yaml"]
)
def test_a_misspelt_field_set_is_refused(demo: Path, tmp_path: Path, name: str) -> None:
    (tmp_path / "sets").mkdir()
    (tmp_path / "sets" / "README.md").write_text("ours")
    changed(tmp_path, demo, field_sets="sets")
    (tmp_path / "sets" / name).write_text("entity: meeting\nfields: []\n")
    with pytest.raises(
        ConfigError,
        match=rf"{name}: no field set has this name; rename it to one of meeting\.yaml, call",
    ):
        load_audit(tmp_path / "audit.yaml")


def test_markup_in_names_is_text(
    tiny: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "[red]Sales[/]: The demo CRM" in said(
        changed(tmp_path, tiny, name="[red]Sales[/]"), capsys
    )


def test_a_check_is_bounded_as_a_run_is(demo: Path, tmp_path: Path) -> None:
    audit = changed(tmp_path, demo, source={"preset": "demo", "max_hold": "0.01"})
    with pytest.raises(SourceError, match=r"source\.max_hold"):
        check_audit(audit, AS_OF)


# ------------------------------------------------------------------------------------------------ files


def test_exports_say_of_when_they_are(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(require_shared("maven_csv/sales_pipeline.csv").parent, tmp_path / "exports")
    text = " ".join(
        said(exports(tmp_path), capsys, datetime(2017, 6, 20, 10, tzinfo=UTC)).split()
    )
    assert (
        "; equal to the export of that time; files know no transaction; not read: data_dictionary.csv, "
        in text
    )
    assert "and reading and storing 5,120 of its 8,920 rows" in text


def test_a_database_needs_no_such_sentence(whole: str) -> None:
    assert "equal to the export" not in whole


# ------------------------------------------------------------------------------------------------ MariaDB


@pytest.fixture(scope="module")
def database() -> Iterator[Database]:
    with suitecrm() as loaded:
        yield loaded


def test_suitecrm_is_shown(
    database: Database,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(URL, database.url.render_as_string(hide_password=False))
    database.execute(
        "UPDATE meetings SET date_start = '0000-00-00 00:00:00' ORDER BY id LIMIT 2"
    )
    text = said(prepared(NOW, tmp_path), capsys, datetime(2027, 3, 26, 22, 30, tzinfo=UTC))
    assert max(len(line) for line in text.splitlines()) <= 100
    rows = database.rows(
        "SELECT count(*) AS n, min(date_start) AS first FROM meetings WHERE deleted = 0 AND date_start > 0"
    )
    first = rows[0]["first"].replace(tzinfo=UTC).astimezone(AMSTERDAM)
    assert re.search(rf"meeting +│ start_at +│ {first:%Y-%m-%d %H:%M} │", text)
    assert re.search(r"│ start_at +│ +1\.0% │", text)
    assert "read as if empty: calls_leads, currencies, meetings_leads" in " ".join(text.split())
    assert "Not checked: result (SuiteCRM has no field" in text
    assert "could write to the CRM: SHOW GRANTS gives it ALL PRIVILEGES" in " ".join(
        text.split()
    )
    names = {
        row["last_name"]
        for row in database.rows("SELECT last_name FROM contacts WHERE length(last_name) > 3")
    }
    assert not [name for name in names if name and re.search(rf"\b{re.escape(name)}\b", text)]


@pytest.mark.parametrize(
    ("rows", "tried", "reading", "limit", "others", "too_long"),
    [
        (10, 10, 1.0, 300.0, False, False),  # all of them were read: nothing is extrapolated
        (11, 10, 1.0, 300.0, True, False),
        (
            100,
            10,
            1.0,
            12.0,
            True,
            False,
        ),  # 2 s of counting and ten times 1 s: just what is allowed
        (100, 10, 1.0, 11.9, True, True),
        (0, 0, 0.0, 2.0, False, False),
    ],
)
def test_the_hold_is_said_as_it_was_measured(
    rows: int, tried: int, reading: float, limit: float, others: bool, too_long: bool
) -> None:
    said = on_the_hold(Pace(2.0, rows, tried, reading), limit)
    assert ("; the other rows at that pace." in said) == others
    assert ("more than allowed" in said) == too_long
    assert f"{tried:,} of its {rows:,} rows" in said
