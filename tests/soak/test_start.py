"""Attacks on starting and surviving: whatever a user, a disk or a signal does, no figure is wrong, the CRM is not
written to, and nothing ends as a defect of ours.

Each attack prepares a folder in which a CRM and an audit.yaml lie, and gives what is then called. What is published
must equal what an untouched run publishes, but for the attacks that change the data themselves.
"""

from __future__ import annotations

import ctypes
import hashlib
import json
import os
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Final

import openpyxl
import pytest

from pipeline.demo import write_demo
from tests import program
from tests.paths import ROOT
from tests.program import crm_audit

AS_OF: Final = "2026-11-24T09:00+01:00"
RUN: Final = ("run", "--as-of", AS_OF)
ALLOWED: Final = (0, 2, 3, 4, 5, 6)
NOBODY: Final = 65534


@dataclass
class Attack:
    """What is called in the folder, and what of it may be."""

    arguments: Sequence[str] = RUN
    environment: Mapping[str, str] = field(default_factory=dict)
    allowed: Sequence[int] = ALLOWED
    changed: bool = False  # the attack changes what is counted
    before: Callable[[], None] | None = None  # in the process that becomes the program
    aborts: bool = (
        False  # a library that is out of memory may end the process at once, as a kill does
    )


Attacker = Callable[[Path], Attack]
ATTACKS: dict[str, Attacker] = {}


def attack(of: Attacker) -> Attacker:
    ATTACKS[of.__name__] = of
    return of


def each(name: str, make: Callable[[Path, Any], Attack], values: Mapping[str, Any]) -> None:
    """An attack for each of the values."""
    for called, value in values.items():
        ATTACKS[f"{name}: {called}"] = lambda folder, value=value: make(folder, value)  # type: ignore[misc]


@pytest.fixture(scope="module", autouse=True)
def patience() -> Iterator[None]:
    """A machine that is busy with other tests is slow, and no attack is about that."""
    before, program.PATIENCE = program.PATIENCE, 300.0
    yield
    program.PATIENCE = before


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo CRM, with one in forty of its events: what survives is not about how many."""
    folder = tmp_path_factory.mktemp("demo")
    write_demo(folder, date(2026, 11, 24))
    with closing(sqlite3.connect(folder / "crm.db")) as db:
        for table in ("meetings", "calls", "deals"):
            db.execute(f"DELETE FROM {table} WHERE rowid % 40")
        db.commit()
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        db.execute("VACUUM")
    return folder


@pytest.fixture(scope="module")
def truth(demo: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The figures of an untouched run."""
    folder = tmp_path_factory.mktemp("truth")
    shutil.copytree(demo, folder, dirs_exist_ok=True)
    done = crm_audit(folder, *RUN)
    assert done.returncode == 0, done.stderr
    [published] = runs(folder)
    return figures(published)


def runs(folder: Path) -> list[Path]:
    """What was published."""
    return sorted((folder / "output" / "runs").glob("[!.]*"))


def figures(run: Path) -> str:
    said = json.loads((run / "figures.json").read_text("utf-8"))
    return json.dumps(said["figures"], sort_keys=True)


def state_of(folder: Path) -> str:
    """The CRM as it lies on the disk."""
    file = folder / "crm.db"
    return hashlib.sha256(file.read_bytes()).hexdigest() if file.is_file() else "none"


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack(name: str, demo: Path, truth: str, tmp_path: Path) -> None:
    folder = tmp_path / "work"
    shutil.copytree(demo, folder)
    folder.chmod(0o755)
    tmp_path.chmod(0o755)
    made = ATTACKS[name](folder)
    before = state_of(folder)
    done = _called(folder, made)
    said = done.stdout + done.stderr
    aborted = made.aborts and done.returncode in (127, -signal.SIGABRT, -signal.SIGSEGV)
    assert aborted or done.returncode in made.allowed, said
    assert "Traceback" not in said
    assert "a defect of crm-audit" not in said
    assert state_of(folder) == before
    published = runs(folder)
    assert not (done.returncode and published), "something was published by a run that failed"
    for run in published if not made.changed else []:
        assert figures(run) == truth
    left = [path for path in (folder / "output").rglob("*") if path.name.startswith(".partial")]
    assert aborted or not left, left


def _called(folder: Path, made: Attack) -> subprocess.CompletedProcess[str]:
    if made.before is None:
        return crm_audit(folder, *made.arguments, **made.environment)
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "PYTHONDONTWRITEBYTECODE": "1",
        **made.environment,
    }
    return subprocess.run(
        [sys.executable, "-P", "-m", "pipeline", *made.arguments], cwd=folder, env=environment,
        preexec_fn=made.before, capture_output=True, text=True, errors="replace", check=False, timeout=300,
    )  # fmt: skip


# ------------------------------------------------------------------------------------------------ the command line

each(
    "an instant",
    lambda folder, text: Attack(("run", "--as-of", text)),
    {
        "of no meaning": "yesterday",
        "empty": "",
        "without a zone": "2026-11-24T09:00",
        "before all time": "0001-01-01T00:00+14:00",
        "after all time": "9999-12-31T23:59-12:00",
        "a day too many": "2026-02-30T00:00+00:00",
        "a year of five digits": "12026-01-01T00:00+00:00",
        "surrogates": "2026-11-24T09:00+01:00\udcff",
        "of ten digits": "2026-11-24T09:00:00.0000000000+01:00",
    },
)
each(
    "an old instant",
    lambda folder, text: Attack(("run", "--as-of", text), changed=True),
    {
        "of year one": "0001-06-01T00:00+00:00",
        "of the last year": "9999-06-01T00:00+00:00",
        "of 1883": "1883-11-18T12:00Z",
    },
)
each(
    "an audit file",
    lambda folder, name: Attack((str(name[0]), name[1])),
    {
        "a folder": ("run", "."),
        "nothing": ("run", ""),
        "a device": ("run", "/dev/null"),
        "zeros": ("check", "/dev/zero"),
        "of no name": ("check", "a\udcffb.yaml"),
        "long": ("check", "x" * 5000),
        "a database": ("check", "crm.db"),
        "inside a file": ("check", "crm.db/audit.yaml"),
        "for grants": ("grants", "crm.db"),
        "of a schedule": ("schedule", "."),
    },
)
each(
    "an output",
    lambda folder, name: Attack((*RUN, "--output", name), changed=True),
    {
        "a file": "crm.db",
        "inside a file": "crm.db/x",
        "of the kernel": "/proc/x",
        "a device": "/dev/null",
        "nothing": "",
        "long": "x" * 5000,
        "of odd letters": "o\udcff",
    },
)
each(
    "a preset",
    lambda folder, name: Attack(("grants", "--preset", name)),
    {
        "none": "",
        "a folder": ".",
        "of dots": "../demo",
        "a file": "crm.db",
        "yaml that is none": "none.yaml",
        "long": "x" * 5000,
        "a folder called so": "x.yaml",
    },
)
each(
    "grants",
    lambda folder, more: Attack(("grants", "--preset", "suitecrm", *more)),
    {
        "no account": ("--account", ""),
        "no host": ("--account", "a@"),
        "lines": ("--database", "a\nb"),
        "a dialect of no meaning": ("--dialect", "oracle"),
        "files": ("--dialect", "files"),
        "surrogates": ("--account", "\udcff"),
    },
)
each(
    "init",
    lambda folder, url: Attack(
        ("init", "--yes", "--source", url, "--output", "new/audit.yaml")
    ),
    {
        "nothing": "",
        "words": "my crm",
        "a path": "crm.db",
        "a folder": ".",
        "no driver": "oracle://h/d",
        "a bad port": "mysql+pymysql://h:x/d",
        "a port too far": "mysql+pymysql://u@127.0.0.1:99999/d",
        "nobody there": "postgresql://u@127.0.0.1:9/d",
        "no folder": "files:///none",
        "the root": "files:////proc/self",
        "a file as a folder": "files:///crm.db",
        "a folder as a file": "sqlite:///output",
        "memory": "sqlite:///:memory:",
        "an option": "sqlite:///crm.db?x=1",
        "an option of a driver": "mysql+pymysql://u@127.0.0.1:9/d?nonsense=1",
        "an open variable": "sqlite:///${NOT_SET}",
        "an odd variable": "sqlite:///${",
        "a NUL": "sqlite:///a%00b",
        "a web page": "https://example.com",
        "an option of postgresql": "postgresql://u@127.0.0.1:9/d?connect_timeout=soon",
        "yaml": "sqlite:///audit.yaml",
    },
)
each(
    "a demo",
    lambda folder, more: Attack(("demo", *more), changed=True),
    {
        "on a file": ("crm.db",),
        "inside a file": ("crm.db/x",),
        "on the first day": ("d", "--today", "0001-01-01"),
        "on the last day": ("d", "--today", "9999-12-31"),
        "on no day": ("d", "--today", "2026-02-30"),
        "of the kernel": ("/proc/x",),
    },
)

# ------------------------------------------------------------------------------------------------ audit.yaml


ENDLESS: Final = (
    "WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r) SELECT max(n) FROM r"
)


def edited(folder: Path, changes: Mapping[str, str]) -> Attack:
    """audit.yaml with other lines for keys."""
    file = folder / "audit.yaml"
    lines = file.read_text("utf-8").splitlines()
    for key, value in changes.items():
        lines = [line for line in lines if not line.startswith(f"{key}:")] + [f"{key}: {value}"]
    file.write_text("\n".join(lines) + "\n", "utf-8", errors="surrogateescape")
    return Attack(changed=True)


each(
    "a setting",
    edited,
    {
        "a name of lines": {"name": '"a\\nb\\u202e\\0"'},
        "a name of a list": {"name": "[a]"},
        "a name of nothing": {"name": ""},
        "a number for a name": {"name": "1e400"},
        "a zone that is a path": {"zone": "../../etc/passwd"},
        "a zone of nothing": {"zone": '""'},
        "a currency of four": {"currency": "EURO"},
        "a currency that is none": {"currency": "NO"},
        "an endless period": {"period": "{first: 0001-01-01, to: 9999-12-31}"},
        "a period backwards": {"period": "{first: 2026-12-01, to: 2026-11-01}"},
        "a period of numbers": {"period": "{first: 1, to: 99999999999999999999}"},
        "a period of dates and hours": {
            "period": "{first: 2026-11-01T00:00:00, to: 2026-12-01}"
        },
        "no working days": {"working_week": "[]"},
        "a day twice": {"working_week": "[mon, mon]"},
        "an output that is a file": {"output": "crm.db"},
        "an output of a NUL": {"output": '"a\\0b"'},
        "field sets that are a file": {"field_sets": "crm.db"},
        "field sets of a NUL": {"field_sets": '"a\\0b"'},
        "field sets in a loop": {"field_sets": "loop"},
        "targets that are a folder": {"targets": "."},
        "targets of a NUL": {"targets": '"a\\0b"'},
        "targets that are a database": {"targets": "crm.db"},
        "a target beyond all numbers": {
            "targets": "{m1: {2026-11: {deals_won: " + "9" * 400 + "}}}"
        },
        "a target of ten thousand digits": {
            "targets": "{m1: {2026-11: {deals_won: " + "9" * 10_000 + "}}}"
        },
        "a target of a number": {"targets": "{1: {2026-11: {deals_won: 1}}}"},
        "a target that is a date": {"targets": "{m1: {2026-11: 2026-11-01}}"},
        "a target that is true": {"targets": "{m1: {2026-11: {deals_won: true}}}"},
        "controls of nothing": {"controls": "[{figure: '', equals: 1}]"},
        "a control of no number": {"controls": "[{figure: deals_won@company, equals: .nan}]"},
        "a control beyond all numbers": {
            "controls": "[{figure: deals_won@company, equals: 1e999999}]"
        },
        "a control that writes": {
            "controls": "[{figure: deals_won@company, select: 'DELETE FROM deals'}]"
        },
        "a control of nothing": {"controls": "[{figure: deals_won@company, select: ''}]"},
        "a measure of nothing": {
            "measures": "{'': {count: meetings_held, where: {meeting.subject: filled}}}"
        },
        "a measure of words": {
            "measures": "{a: {count: meetings_held, where: {meeting.subject: ['\\0', '%', \"'\"]}}}"
        },
        "a schedule of nothing": {"schedule": "{'': '* * * * *'}"},
        "a schedule that never fires": {"schedule": "{w: '0 0 31 2 *'}"},
        "a schedule of numbers": {"schedule": "{w: 5}"},
        "aliases": {"a": "&a [x]", "b": "[*a, *a]"},
        "a tag": {"name": "!!binary AAAA"},
        "a merge": {"<<": "{zone: Mars}"},
        "an unknown anchor": {"name": "*nobody"},
        "surrogates": {"name": '"\\udcff"'},
        "bytes": {"name": "\udcff"},
    },
)


def sourced(folder: Path, source: str) -> Attack:
    return edited_source(folder, source)


def edited_source(folder: Path, source: str) -> Attack:
    text = (folder / "audit.yaml").read_text("utf-8")
    head, _, tail = text.partition("source:")
    rest = "\n".join(
        line for line in tail.splitlines() if line and not line.startswith((" ", "\t"))
    )
    (folder / "audit.yaml").write_text(f"{head}source: {source}\n{rest}\n", "utf-8")
    (folder / "loop").symlink_to("loop")
    return Attack(changed=True)


each(
    "a source",
    sourced,
    {
        "an hour of holding": "{url: 'sqlite:///crm.db', preset: demo, max_hold: soon}",
        "no time at all": "{url: 'sqlite:///crm.db', preset: demo, max_hold: 0.000001}",
        "endless holding": "{url: 'sqlite:///crm.db', preset: demo, max_hold: .inf}",
        "holding that is no number": "{url: 'sqlite:///crm.db', preset: demo, max_hold: .nan}",
        "a loop": "{url: 'sqlite:///loop', preset: demo}",
        "a NUL": '{url: "sqlite:///a\\0b", preset: demo}',
        "a preset that is a folder": "{url: 'sqlite:///crm.db', preset: ./x.yaml}",
        "another database": "{url: 'duckdb:///crm.db', preset: demo}",
        "another preset": "{url: 'sqlite:///crm.db', preset: suitecrm}",
        "a column of nothing": "{url: 'sqlite:///crm.db', preset: demo, add: {meeting.result: ''}}",
        "a column that is not there": "{url: 'sqlite:///crm.db', preset: demo, add: {meeting.result: meetings.no}}",
        "a column of SQL": "{url: 'sqlite:///crm.db', preset: demo, add: {meeting.result: 'meetings.x; DROP'}}",
        "a list": "[sqlite:///crm.db]",
        "a word": "sqlite:///crm.db",
        "nothing": "",
        "options": "{url: 'sqlite:///crm.db?mode=rwc', preset: demo}",
        "a page that is none": "{url: 'sqlite:///crm.db', preset: demo, crm_url: 'javascript:alert(1)'}",
    },
)


# ------------------------------------------------------------------------------------------------ presets, field sets


def own_preset(folder: Path, text: str) -> Attack:
    (folder / "own.yaml").write_text(text, "utf-8", errors="surrogatepass")
    return edited_source(folder, "{url: 'sqlite:///crm.db', preset: own.yaml}")


each(
    "an own preset",
    own_preset,
    {
        "nothing": "",
        "a list": "[a]",
        "a number": "1",
        "of itself": "extends: own.yaml\n",
        "of none": "extends: none\n",
        "of a list": "extends: [demo]\n",
        "an entity that is a list": "extends: demo\nentities: [client]\n",
        "an entity of words": "extends: demo\nentities: {client: x}\n",
        "columns of nothing": "extends: demo\nentities: {client: {table: clients, columns: {}}}\n",
        "states of a list": "extends: demo\nstates: [held]\n",
        "states of nothing": "extends: demo\nstates: {deal: {won: null}}\n",
        "absent words": "extends: demo\nabsent: all\n",
        "a select of nothing": "extends: demo\nentities: {client: {table: clients, select: ''}}\n",
        "a select of two": "extends: demo\nentities: {client: {table: clients, select: 'SELECT 1; SELECT 2'}}\n",
        "a select that writes": "extends: demo\nentities: {client: {table: clients, select: 'DELETE FROM clients'}}\n",
        "a select with a parameter": "extends: demo\nentities: {client: {table: clients, select: 'SELECT :x AS id'}}\n",
        "a date that is none": "extends: demo\nabout: 2026-13-45\n",
        "a huge number": "extends: demo\nabout: " + "9" * 5000 + "\n",
        "guesses": "extends: demo\nunconfirmed: [x]\n",
        "guesses in words": "extends: demo\nunconfirmed: {a: b}\n",
        "a key twice": "about: a\nabout: b\n",
        "formats of numbers": "extends: demo\nformats: {day: 5}\n",
        "empty words of numbers": "extends: demo\nempty: [1]\n",
        "a table of numbers": "extends: demo\ntables: {1: 2}\n",
        "a link of braces": "extends: demo\nlinks: {deal: '{nothing}{'}\n",
        "a table of an odd name": 'extends: demo\nentities: {client: {table: "a\'b\\"c", columns: {id: id}}}\n',
    },
)


def own_set(folder: Path, text: str) -> Attack:
    (folder / "sets").mkdir()
    (folder / "sets" / "deal.yaml").write_text(text, "utf-8")
    edited(folder, {"field_sets": "sets"})
    return Attack(changed=True)


each(
    "an own field set",
    own_set,
    {
        "nothing": "",
        "a list": "[a]",
        "fields of words": "entity: deal\nfields: x\n",
        "a weight beyond all numbers": "entity: deal\nfields: [{name: a, columns: [name], weight: "
        + "9" * 400
        + "}]\n",
        "a weight of minus": "entity: deal\nfields: [{name: a, columns: [name], weight: -1}]\n",
        "no column": "entity: deal\nfields: [{name: a, columns: []}]\n",
        "a name of lines": 'entity: deal\nfields: [{name: "a\\nb|c", columns: [name]}]\n',
        "seventy fields": "entity: deal\nfields:\n"
        + "".join(f"  - {{name: f{n}, columns: [name]}}\n" for n in range(70)),
        "a name of nothing": "entity: deal\nfields: [{name: '', columns: [name]}]\n",
        "a label of markup": "entity: deal\nfields: [{name: a, label: '<script>', columns: [name]}]\n",
    },
)


# ------------------------------------------------------------------------------------------------ the plan


def planned(folder: Path, data: bytes) -> Attack:
    (folder / "plan.csv").write_bytes(data)
    edited(folder, {"targets": "plan.csv"})
    return Attack(changed=True)


PLAN: Final = "manager,month,metric,target\nm1,2026-11,deals_won,3\n"
each(
    "a plan",
    planned,
    {
        "of semicolons": PLAN.replace(",", ";").encode(),
        "of tabs": PLAN.replace(",", "\t").encode(),
        "of UTF-16": PLAN.encode("utf-16"),
        "with a mark": PLAN.encode("utf-8-sig"),
        "of another alphabet": PLAN.replace("m1", "Müller").encode("cp1252"),
        "of rows of delimiters": (PLAN + ",,,\r\n;;;\r\n").encode(),
        "of decimals": PLAN.replace(",3", ',"3,0"').encode(),
        "of blanks": PLAN.replace(",3", ", 3 ").encode(),
        "of a date": PLAN.replace("2026-11", "Nov-26").encode(),
        "of nothing": b"",
        "of a NUL": PLAN.replace("m1", "\0").encode(),
        "of a cell too wide": PLAN.replace("m1", "m" * 20_000).encode(),
        "of an open quote": PLAN.replace("m1", '"m1').encode(),
        "of too many cells": (PLAN + "a,b,c,d,e,f\n").encode(),
        "of too few": (PLAN + "a\n").encode(),
        "of a number of ten thousand digits": PLAN.replace(",3", "," + "9" * 9_000).encode(),
        "of other digits": PLAN.replace(",3", ",\u0663").encode(),
        "of an underscore": PLAN.replace(",3", ",1_0").encode(),
        "of a header twice": PLAN.replace("metric", "month").encode(),
        "of old line ends": PLAN.replace("\n", "\r").encode(),
    },
)


# ------------------------------------------------------------------------------------------------ the CRM's file


@attack
def the_crm_is_cut_off(folder: Path) -> Attack:
    data = (folder / "crm.db").read_bytes()
    (folder / "crm.db").write_bytes(data[: len(data) // 2])
    return Attack(changed=True)


@attack
def the_crm_is_empty(folder: Path) -> Attack:
    (folder / "crm.db").write_bytes(b"")
    return Attack()


@attack
def pages_of_the_crm_are_noise(folder: Path) -> Attack:
    data = bytearray((folder / "crm.db").read_bytes())
    for place in range(8192, len(data) - 64, 8192):
        data[place : place + 64] = b"\xff" * 64
    (folder / "crm.db").write_bytes(bytes(data))
    return Attack(changed=True)


@attack
def a_control_never_ends(folder: Path) -> Attack:
    made = edited(folder, {"controls": f"[{{figure: deals_won@company, select: '{ENDLESS}'}}]"})
    file = folder / "audit.yaml"
    file.write_text(
        file.read_text("utf-8").replace("preset: demo", "preset: demo\n  max_hold: 20 s"),
        "utf-8",
    )
    return made


@attack
def the_crm_is_locked(folder: Path) -> Attack:
    code = (
        "import sqlite3, sys, time; db = sqlite3.connect('crm.db'); db.execute('PRAGMA locking_mode=EXCLUSIVE'); "
        "db.execute('PRAGMA journal_mode=DELETE'); db.execute('BEGIN EXCLUSIVE'); "
        "print('held', flush=True); time.sleep(600)"
    )
    holder = subprocess.Popen([sys.executable, "-c", code], cwd=folder, stdout=subprocess.PIPE)
    assert holder.stdout is not None
    holder.stdout.readline()
    LOCKERS.append(holder)
    return Attack(changed=True)


LOCKERS: list[subprocess.Popen[bytes]] = []


@pytest.fixture(autouse=True)
def let_go() -> Any:
    yield
    while LOCKERS:
        holder = LOCKERS.pop()
        holder.kill()
        holder.wait()


def damaged(folder: Path, sql: str) -> Attack:
    with closing(sqlite3.connect(folder / "crm.db")) as db:
        db.executescript(sql)
        db.commit()
    return Attack(changed=True)


each(
    "a CRM",
    damaged,
    {
        "without a table": "DROP TABLE deals;",
        "without a row": "DELETE FROM deals;",
        "without users": "DELETE FROM users;",
        "of bytes": "UPDATE clients SET name = x'ff00fe';",
        "of dates beyond all time": "UPDATE deals SET closed_on = '99999-12-31', created_at = '0000-00-00 00:00:00';",
        "of numbers beyond all numbers": "UPDATE deals SET amount_cents = 9223372036854775807;",
        "of endless numbers": "UPDATE deals SET amount_cents = 9e999;",
        "of an endless text": "UPDATE meetings SET subject = printf('%.*c', 2000000, 'x') WHERE rowid < 3;",
        "of NULL": "UPDATE meetings SET status = NULL, starts_at = NULL;",
    },
)


# ------------------------------------------------------------------------------------------------ files of exports


def exported(folder: Path, files: Mapping[str, bytes]) -> Attack:
    (folder / "exports").mkdir()
    for name, data in files.items():
        (folder / "exports" / name).write_bytes(data)
    return Attack(
        ("init", "--yes", "--source", "files:///exports", "--output", "new/audit.yaml")
    )


def a_workbook(*rows: Sequence[Any]) -> bytes:
    from io import BytesIO

    book, data = openpyxl.Workbook(), BytesIO()
    for row in rows:
        book.active.append(list(row))
    book.save(data)
    return data.getvalue()


each(
    "exports",
    exported,
    {
        "nothing": {},
        "others": {"a.xls": b"x", "b.zip": b"x"},
        "an empty file": {"deals.csv": b""},
        "only a mark": {"deals.csv": b"\xef\xbb\xbf"},
        "only delimiters": {"deals.csv": b";;;\n;;;\n"},
        "only a header": {"deals.csv": b"id,name\n"},
        "a header twice": {"deals.csv": b"id,ID\n1,2\n"},
        "no name": {"deals.csv": b"id,,x\n1,2,3\n"},
        "half a UTF-16": {"deals.csv": b"\xff\xfea"},
        "bytes": {"deals.csv": bytes(range(256))},
        "a quote": {"deals.csv": b'id,name\n1,"x\n'},
        "rows of other lengths": {"deals.csv": b"id,name\n1\n"},
        "no workbook": {"deals.xlsx": b"PK\x03\x04"},
        "an empty workbook": {"deals.xlsx": a_workbook()},
        "a workbook of dates": {"deals.xlsx": a_workbook(["id", "d"], [1, date(1900, 1, 1)])},
        "two of a name": {"deals.csv": b"id\n1\n", "DEALS.tsv": b"id\n1\n"},
        "names of SQL": {'a"; DROP TABLE x; --.csv': b"id\n1\n"},
        "a thousand columns": {
            "deals.csv": (
                ",".join(f"c{n}" for n in range(1000)) + "\n" + ",".join("x" * 1000) + "\n"
            ).encode()
        },
        "a column called oddly": {"klanten.csv": b'id,"a\nb",naam\n1,2,3\n'},
        "a NUL": {"klanten.csv": b"id,naam\n1,\x00\n"},
    },
)


# ------------------------------------------------------------------------------------------------ the machine


def limited(what: int, most: int) -> Callable[[], None]:
    def limit() -> None:
        resource.setrlimit(what, (most, most))
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)

    return limit


each(
    "a limit",
    lambda folder, of: Attack(before=limited(*of), aborts=of[0] == resource.RLIMIT_AS),
    {
        "of bytes of a file: 0": (resource.RLIMIT_FSIZE, 0),
        "of bytes of a file: 10,000": (resource.RLIMIT_FSIZE, 10_000),
        "of bytes of a file: 200,000": (resource.RLIMIT_FSIZE, 200_000),
        "of open files: 12": (resource.RLIMIT_NOFILE, 12),
        "of open files: 24": (resource.RLIMIT_NOFILE, 24),
        "of memory: 900 MB": (resource.RLIMIT_AS, 900_000_000),
        "of memory: 600 MB": (resource.RLIMIT_AS, 600_000_000),
    },
)


def without_privilege() -> None:
    """Root, for whom the permissions of a file hold as for everybody: its two rights to pass them are dropped."""
    drop, override, search = 24, 1, 2
    for right in (override, search):
        ctypes.CDLL(None).prctl(drop, right, 0, 0, 0)


def forbidden(folder: Path, place: str) -> Attack:
    (folder / "output").mkdir(exist_ok=True)
    if os.geteuid() == 0:
        os.chown(folder / place, NOBODY, NOBODY)
    (folder / place).chmod(0)
    return Attack(before=without_privilege, allowed=(2, 3, 5))


each(
    "nobody may read or write",
    forbidden,
    {
        "the CRM": "crm.db",
        "the audit": "audit.yaml",
        "the plan": "targets.csv",
        "the output": "output",
    },
)


@attack
def the_disk_is_full(folder: Path) -> Attack:
    place = folder / "output"
    place.mkdir()
    if subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=300k", "tmpfs", place], check=False
    ).returncode:
        pytest.skip("nothing can be mounted here")
    MOUNTED.append(place)
    return Attack()


MOUNTED: list[Path] = []


@pytest.fixture(autouse=True)
def unmounted() -> Any:
    yield
    while MOUNTED:
        subprocess.run(["umount", MOUNTED.pop()], check=False)


each(
    "surroundings",
    lambda folder, given: Attack(environment=given),
    {
        "no language": {"LANG": "C", "LC_ALL": "C"},
        "no temporary folder": {"TMPDIR": "/nonexistent"},
        "no home": {"HOME": "/nonexistent"},
        "no terminal": {"TERM": "", "COLUMNS": "0"},
        "a terminal of no size": {"COLUMNS": "-5", "LINES": "x"},
        "another zone": {"TZ": "Mars/Nowhere"},
    },
)


@pytest.mark.parametrize("after", [0.0, 0.7, 1.4, 2.1, 2.8, 3.5])
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_run_that_is_ended_publishes_nothing_wrong(
    how: signal.Signals, after: float, demo: Path, truth: str, tmp_path: Path
) -> None:
    shutil.copytree(demo, tmp_path, dirs_exist_ok=True)
    before = state_of(tmp_path)
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "pipeline", *RUN], cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    time.sleep(after)
    process.send_signal(how)
    _, said = process.communicate(timeout=60)
    assert process.returncode in (0, 130, -how), said
    assert "Traceback" not in said
    assert state_of(tmp_path) == before
    assert all(figures(run) == truth for run in runs(tmp_path))
    again = crm_audit(tmp_path, *RUN)
    assert again.returncode == 0, again.stderr
    assert figures(runs(tmp_path)[-1]) == truth


def _lives(group: int) -> bool:
    """Whether a process of that group is left."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.parametrize("after", [1.1, 2.6, 4.1])
@pytest.mark.parametrize("times", [1, 2])
def test_an_interrupt_from_the_terminal_reaches_all_processes_and_leaves_none(
    times: int, after: float, demo: Path, truth: str, tmp_path: Path
) -> None:
    shutil.copytree(demo, tmp_path, dirs_exist_ok=True)
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "pipeline", *RUN], cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    time.sleep(after)
    for _ in range(times):
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGINT)
        time.sleep(0.05)
    _, said = process.communicate(timeout=60)
    assert process.returncode in (0, 130, -signal.SIGINT), said
    assert "Traceback" not in said
    end = time.monotonic() + 5
    while _lives(process.pid) and time.monotonic() < end:
        time.sleep(0.1)
    assert not _lives(process.pid)
    assert all(figures(run) == truth for run in runs(tmp_path))


@pytest.mark.parametrize(
    "arguments", [RUN, ("check",), ("--help",), ("grants", "--preset", "suitecrm")]
)
def test_a_reader_that_goes_away_is_no_defect(
    arguments: Sequence[str], demo: Path, tmp_path: Path
) -> None:
    shutil.copytree(demo, tmp_path, dirs_exist_ok=True)
    reader, writing = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [sys.executable, "-P", "-m", "pipeline", *arguments], cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=writing, stderr=subprocess.PIPE, text=True, check=False, timeout=300,
    )  # fmt: skip
    os.close(writing)
    assert done.returncode != 70, done.stderr
    assert "Traceback" not in done.stderr
    assert "defect" not in done.stderr
