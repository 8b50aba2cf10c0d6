"""Configuration: what a user may write, and for each mistake an error that says where it is and what is allowed."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import make_url

from pipeline.calendar.window import open_window
from pipeline.config import Audit, Period, load_audit, secrets_of
from pipeline.config.field_sets import FieldSetFile, Held, copy_field_sets, read_field_sets
from pipeline.config.lines import parse
from pipeline.errors import ConfigError
from pipeline.measures.registry import PLANNED
from pipeline.model import CHECKED, ENTITIES, NO_TEXT, Target, same_in_all
from pipeline.model.checks import Dated, OneOf, Pattern, Recent, Within
from pipeline.model.conditions import (
    HELD,
    AllOf,
    Among,
    AnyOf,
    Between,
    Filled,
    InState,
    Matches,
    Not,
    OlderThan,
    Since,
)
from pipeline.presets import load_preset, preset_names
from tests.paths import ROOT

GOOD = """\
name: Sales
source:
  url: sqlite:///crm.db
  preset: demo
zone: Europe/Amsterdam
currency: EUR
"""

Load = Callable[[str], Audit]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """Loads a text as audit.yaml."""

    def loaded(text: str | bytes) -> Audit:
        file = tmp_path / "audit.yaml"
        file.write_bytes(text.encode() if isinstance(text, str) else text)
        return load_audit(file)

    return loaded


def refused(load: Load, text: str | bytes, *parts: str) -> str:
    """The one-paragraph refusal, which must hold every part."""
    with pytest.raises(ConfigError) as refusal:
        load(text)  # type: ignore[arg-type]
    said = str(refusal.value)
    for part in parts:
        assert part in said
    assert "Traceback" not in said
    assert "geheim" not in said  # the password of these tests
    return said


# ------------------------------------------------------------------------------------------------ what is good


def test_the_least_that_is_needed(load: Load, tmp_path: Path) -> None:
    audit = load(GOOD)
    assert audit.settings.working_week == ("mon", "tue", "wed", "thu", "fri")
    assert audit.settings.period == "month"
    assert audit.output == tmp_path / "output"
    assert audit.targets == ()
    assert list(audit.field_sets) == list(CHECKED)
    assert [field.name for field in audit.field_sets["meeting"].demands] == [
        "date",
        "subject",
        "contact",
        "result",
    ]
    assert {name for name in audit.absent if not name.startswith("co_owner.")} == {
        "user.leader_id"
    }


def test_everything_that_can_be_said(load: Load, tmp_path: Path) -> None:
    (tmp_path / "plans").mkdir()
    (tmp_path / "plans" / "targets.csv").write_bytes(
        b"\xef\xbb\xbfmanager,month,metric,target,remark\r\nm1,2026-11,deals_won,8,\r\nm1,2026-12,deals_won,0,none\r\n"
    )
    audit = load(
        GOOD.replace("EUR", "KWD")
        + "working_week: [sun, mon, tue, wed, thu]\n"
        + "period: {first: 2026-11-01, to: 2026-12-01}\ntargets: plans/targets.csv\noutput: reports\n"
        + 'schedule: {weekly: "0 7 * * mon"}\n'
    )
    assert audit.settings.period == Period(first=date(2026, 11, 1), to=date(2026, 12, 1))
    assert audit.targets == (
        Target("m1", "2026-11", "deals_won", 8),
        Target("m1", "2026-12", "deals_won", 0),
    )
    assert audit.output == tmp_path / "reports"
    assert audit.settings.schedule == {"weekly": "0 7 * * mon"}
    window = open_window(as_of=datetime(2026, 11, 16, tzinfo=UTC), zone="UTC", working_week=())
    assert audit.query_context(window).words == load_preset("demo", Path()).states


def test_targets_in_the_file(load: Load) -> None:
    audit = load(
        GOOD
        + "targets:\n  m1:\n    2026-11: {deals_won: 8, meetings_held: 30}\n  m2:\n    2026-11: {deals_won: 1}\n"
    )
    assert audit.targets == (
        Target("m1", "2026-11", "deals_won", 8),
        Target("m1", "2026-11", "meetings_held", 30),
        Target("m2", "2026-11", "deals_won", 1),
    )


def test_output_may_be_chosen_when_it_is_run(load: Load, tmp_path: Path) -> None:
    load(GOOD)
    assert (
        load_audit(tmp_path / "audit.yaml", output=tmp_path / "elsewhere").output
        == tmp_path / "elsewhere"
    )


def test_anchors_and_comments_are_yaml_too(load: Load) -> None:
    audit = load(
        "# ours\nname: &n Sales\n"
        + GOOD.split("\n", 1)[1]
        + "schedule: {daily: '0 7 * * *'}  # early\n"
    )
    assert audit.settings.name == "Sales"


def test_reports_are_english_unless_they_are_asked_in_dutch(load: Load) -> None:
    assert load(GOOD).resolved().language == "en"
    assert load(GOOD + "language: nl\n").resolved().language == "nl"
    with pytest.raises(ConfigError, match=r"language: .*'en' or 'nl'"):
        load(GOOD + "language: de\n")


def test_a_text_is_for_all_languages_or_one_in_each(with_sets: Load) -> None:
    fields = "entity: meeting\nfields: [{name: date, columns: [start_at], why: WHY}]\n"
    [date_] = with_sets(fields.replace("WHY", "{en: a, nl: b}")).field_sets["meeting"].demands
    assert (date_.why.chosen("en"), date_.why.chosen("nl")) == ("a", "b")
    for wrong in ("{en: a}", "{en: a, nl: b, de: c}", "{en: a, nl: 1}", "[a]"):
        with pytest.raises(
            ConfigError, match=r"write a text, or one in each language: {en: …, nl: …}"
        ):
            with_sets(fields.replace("WHY", wrong))


# ------------------------------------------------------------------------------------------------ keys


def test_an_unknown_key_is_named_with_its_line_and_what_is_allowed(load: Load) -> None:
    refused(
        load, GOOD + "curency: USD\n", "audit.yaml, line 7", "'curency'", "currency", "targets"
    )


def test_an_unknown_key_inside_a_key(load: Load) -> None:
    said = GOOD.replace("  preset: demo\n", "  preset: demo\n  password: geheim\n")
    refused(load, said, "audit.yaml, line 5", "source.password")


@pytest.mark.parametrize("key", ["name", "source", "zone", "currency"])
def test_a_missing_key(load: Load, key: str) -> None:
    lines = [line for line in GOOD.splitlines() if not line.startswith(key)]
    if key == "source":
        lines = [line for line in lines if not line.startswith("  ")]
    refused(load, "\n".join(lines), "audit.yaml", f"'{key}' is missing")


@pytest.mark.parametrize("key", ["url", "preset"])
def test_a_missing_key_inside_a_key_is_given_its_parents_line(load: Load, key: str) -> None:
    text = "\n".join(line for line in GOOD.splitlines() if not line.startswith(f"  {key}"))
    refused(load, text, "audit.yaml, line 2", f"'source.{key}' is missing")


def test_a_key_that_stands_twice(load: Load) -> None:
    refused(load, GOOD + "zone: UTC\n", "audit.yaml, line 7", "'zone'", "twice")
    twice = GOOD.replace("  preset: demo\n", "  preset: demo\n  preset: suitecrm\n")
    refused(load, twice, "audit.yaml, line 5", "'preset'", "twice")


def test_all_mistakes_are_told_at_once(load: Load) -> None:
    said = refused(
        load, GOOD.replace("EUR", "euro").replace("Amsterdam", "Atlantis") + "colour: red\n"
    )
    assert [f"line {line}" in said for line in (5, 6, 7)] == [True, True, True]


# ------------------------------------------------------------------------------------------------ values


@pytest.mark.parametrize(
    ("old", "new", "parts"),
    [
        (
            "Europe/Amsterdam",
            "Europe/Atlantis",
            ("line 5", "zone", "'Europe/Atlantis'", "Europe/Amsterdam"),
        ),
        ("Europe/Amsterdam", "CEST", ("line 5", "zone", "'CEST'")),
        ("Europe/Amsterdam", "+01:00", ("line 5", "zone")),
        ("Europe/Amsterdam", "../../etc/passwd", ("line 5", "zone")),
        ("Europe/Amsterdam", "''", ("line 5", "zone")),
        ("currency: EUR", "currency: euro", ("line 6", "currency", "'euro'", "EUR")),
        ("currency: EUR", "currency: €", ("line 6", "currency", "'€'")),
        ("currency: EUR", "currency: 5", ("line 6", "currency")),
        ("currency: EUR", "currency: eur", ("line 6", "currency", "'eur'")),
        ("currency: EUR", 'currency: "EUR\\n"', ("line 6", "currency")),
        (
            "preset: demo",
            "preset: dynamics",
            ("line 4", "source.preset", "'dynamics'", "allowed: demo, "),
        ),
        ("preset: demo", "preset: [demo]", ("line 4", "source.preset")),
        ("preset: demo", "preset: ../presets/demo", ("line 4", "source.preset")),
        ("name: Sales", "name: [Sales]", ("line 1", "name")),
        ("name: Sales", "name: 5", ("line 1", "name", "5")),
        ("name: Sales", "name:", ("line 1", "name")),
    ],
)
def test_a_wrong_value(load: Load, old: str, new: str, parts: tuple[str, ...]) -> None:
    refused(load, GOOD.replace(old, new), "audit.yaml", *parts)


@pytest.mark.parametrize(
    ("line", "parts"),
    [
        ("working_week: [mon, monday]", ("line 7", "working_week", "'monday'", "'mon'")),
        ("working_week: mon", ("line 7", "working_week")),
        ("working_week: [1]", ("line 7", "working_week", "1")),
        ("schedule: {weekly: '0 7 L-1 * *'}", ("line 7", "schedule", "backwards")),
        (
            "period: next week",
            ("line 7", "period", "'next week'", "'month'", "'last week'", "'last year'"),
        ),
        (
            "period: 2026",
            ("line 7", "period", "'last quarter'", "{first: 2026-11-01, to: 2026-12-01}"),
        ),
        (
            "period: [month]",
            ("line 7", "period", "'last quarter'", "{first: 2026-11-01, to: 2026-12-01}"),
        ),
        ("period:", ("line 7", "period")),
        ("period: Month", ("line 7", "period", "'Month'", "'month'")),
        (
            "period: {first: 2026-12-01, to: 2026-11-01}",
            ("line 7", "period", "'to'", "'first'"),
        ),
        ("period: {first: 2026-12-01, to: 2026-12-01}", ("line 7", "period", "'to'")),
        ("period: {first: 2026-12-01}", ("line 7", "period", "to", "missing")),
        ("period: {first: 2026-12-01, to: 2027-01-01, till: x}", ("line 7", "period", "till")),
        (
            "period: {first: 2026-02-30, to: 2026-12-01}",
            ("line 7", "2026-02-30"),
        ),  # a date for YAML only
        (
            "period: {first: '2026-02-30', to: 2026-12-01}",
            ("line 7", "period", "first", "2026-02-30"),
        ),
        ("period: {first: soon, to: 2026-12-01}", ("line 7", "period", "first", "'soon'")),
        ("period: {first: 2026-12-01 10:00:00, to: 2027-12-01}", ("line 7", "period", "first")),
        ("schedule: {weekly: 0 7 * * 1}", ("line 7", "schedule", "'0 7 * * 1'", "mon")),
        (
            "schedule:\n  weekly: 0 7 * * mon\n  daily: never",
            ("line 9", "schedule.daily", "'never'", "five"),
        ),
        ("schedule: {weekly: 7}", ("line 7", "schedule.weekly", "7")),
        ("schedule: 0 7 * * mon", ("line 7", "schedule")),
        ("schedule: {weekly: '0 25 * * mon'}", ("line 7", "schedule", "'25'", "0 to 23")),
        ("schedule: {weekly: ''}", ("line 7", "schedule", "five")),
        ("output: 5", ("line 7", "output", "5")),
        ("targets: 5", ("line 7", "targets", "5")),
        ("targets: [1]", ("line 7", "targets")),
        (
            "targets: {m1: {2026-11: {deals_won: many}}}",
            ("line 7", "targets", "deals_won", "'many'"),
        ),
        (
            "targets: {m1: {2026-11: {deals_won: 1.5}}}",
            ("line 7", "targets", "deals_won", "1.5"),
        ),
        ("targets: {m1: {2026-13: {deals_won: 1}}}", ("targets", "'2026-13'", "2026-11")),
        ("targets: {m1: {november: {deals_won: 1}}}", ("targets", "'november'")),
        ("targets: {m1: {2026-11: {deals_won: -1}}}", ("targets", "-1")),
        ("targets: {m1: {2026-11: {deals_lost: 1}}}", ("targets", "'deals_lost'", "deals_won")),
        (
            "targets: {m1: {2026-11: {deals_won: 1, deals_won: 2}}}",
            ("line 7", "'deals_won'", "twice"),
        ),
    ],
)
def test_a_wrong_line(load: Load, line: str, parts: tuple[str, ...]) -> None:
    refused(load, GOOD + line + "\n", "audit.yaml", *parts)


def test_a_wrong_period_is_one_error_about_what_was_meant(load: Load) -> None:
    said = refused(
        load,
        GOOD + "period: {first: 2026-12-01}\n",
        "line 7: the key 'period.to' is missing; add it.",
    )
    assert "last month" not in said
    said = refused(
        load,
        GOOD + "period: fortnight\n",
        "line 7: period: write one of",
        "(found 'fortnight')",
    )
    assert "\n" not in said


@pytest.mark.parametrize(
    "value", ["soon", "0", "0 s", "-5", "25 h", "86401", "5 weeks", "min", "''", "true", "1e3"]
)
def test_a_hold_that_is_no_duration_up_to_a_day(load: Load, value: str) -> None:
    text = GOOD.replace("preset: demo", f"preset: demo\n  max_hold: {value}")
    refused(
        load,
        text,
        "audit.yaml",
        "line 5",
        "source.max_hold",
        "'5 min', '90 s' or a number of seconds",
    )


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("90", 90), ("90 s", 90), ("2.5", 2.5), ("5 min", 300), ("5m", 300), ("1 hour", 3600), ("24 h", 86400),
     ("86400", 86400), ("30 SEC", 30), ("5 MIN", 300), ("2 Hours", 7200)],
)  # fmt: skip
def test_a_hold_in_seconds(load: Load, value: str, seconds: float) -> None:
    assert (
        load(
            GOOD.replace("preset: demo", f"preset: demo\n  max_hold: {value}")
        ).settings.source.max_hold
        == seconds
    )


@pytest.mark.parametrize(
    ("name", "column", "parts"),
    [
        ("meeting.outcome", "meetings_cstm.outcome_c", ("source.add.meeting.outcome",)),
        ("meetings.result", "meetings_cstm.result_c", ("source.add.meetings.result",)),
        ("result", "meetings_cstm.result_c", ("source.add.result", "meeting.result")),
        ("user.name", "users_cstm.name_c", ("source.add.user.name",)),
    ],
)
def test_a_field_of_the_user_that_is_none_of_ours(
    load: Load, name: str, column: str, parts: tuple[str, ...]
) -> None:
    text = GOOD.replace("preset: demo", f"preset: suitecrm\n  add: {{{name}: {column}}}")
    refused(load, text, "audit.yaml", *parts)


def test_a_preset_without_tables_of_custom_fields(load: Load) -> None:
    text = GOOD.replace(
        "preset: demo", "preset: demo\n  add: {meeting.result: meetings_cstm.result_c}"
    )
    refused(load, text, "audit.yaml", "source.add", "demo")


def test_a_field_that_is_mapped_is_due(load: Load) -> None:
    text = GOOD.replace("preset: demo", "preset: suitecrm")
    absent = load(text)
    assert "result" in absent.field_sets["meeting"].absent
    assert "meeting.result" in absent.absent
    mapped = load(
        text.replace("suitecrm", "suitecrm\n  add: {meeting.result: meetings_cstm.result_c}")
    )
    assert [field.name for field in mapped.field_sets["meeting"].demands][-1] == "result"
    assert mapped.field_sets["meeting"].absent == {}
    assert "meeting.result" not in mapped.absent


# ------------------------------------------------------------------------------------------------ secrets


@pytest.mark.parametrize(
    "url",
    [
        "mysql+pymysql://reader:geheim@db/crm",
        "mysql+pymysql://reader:geheim@db:3306/crm",
        "mysql+pymysql://:geheim@db/crm",
        "mysql+pymysql://reader:${PASSWORD}geheim@db/crm",
        "mysql+pymysql://reader:geheim${PASSWORD}@db/crm",
        "mysql+pymysql://reader:gehe/geheim@db/crm",
        "mysql+pymysql://reader:gehe@geheim@db/crm",
        "mysql+pymysql://reader:geheim:geheim@db/crm",
        "mysql+pymysql://reader:gehe geheim@db/crm",
        "mysql+pymysql://reader:gehe\n\ngeheim@db/crm",
        "mysql+pymysql://reader@db/crm?password=geheim",
        "mysql+pymysql://reader@db/crm?charset=utf8mb4&passwd=geheim",
        "mysql+pymysql://reader:gehe im geheim@db/crm",
        "mysql+pymysql://reader@db/crm?ssl_key_password=geheim",
        "mysql+pymysql://reader@db/crm?pass%77ord=geheim",
        "mysql+pymysql://reader@db/crm?password=${PASSWORD}geheim",
        "mysql+pymysql://reader@db/crm?password=gehe im geheim",
        "postgresql://reader@db/crm?sslpassword=geheim",
        "postgresql://reader@db/crm?sslmode=require&PASSWORD=geheim",
        "duckdb:///crm.duckdb?motherduck_token=geheim",
        "duckdb:///crm.duckdb?s3_secret_access_key=geheim",
    ],
)
def test_a_password_in_the_file_is_refused_and_not_repeated(load: Load, url: str) -> None:
    refused(
        load,
        GOOD.replace("sqlite:///crm.db", f"'{url}'"),
        "audit.yaml, line 3",
        "source.url",
        "${NAME}",
    )


@pytest.mark.parametrize(
    "text",
    [
        # an address where it does not belong
        GOOD.replace(
            "source:\n  url: sqlite:///crm.db\n  preset: demo\n",
            "source: mysql://reader:geheim@db/crm\n",
        ),
        GOOD.replace("  url: sqlite:///crm.db\n", "  url: [mysql://reader:geheim@db/crm]\n"),
        GOOD.replace("  url: sqlite:///crm.db\n", "  url: {geheim: geheim}\n").replace(
            "demo", "mysql"
        ),
        GOOD.replace(
            "source:\n  url: sqlite:///crm.db\n  preset: demo\n",
            "source: mysql://r:ge geheim@db/crm\n",
        ),
        GOOD.replace(
            "source:\n  url: sqlite:///crm.db\n  preset: demo\n",
            "source: 'mysql://r:ge\n\n geheim@db'\n",
        ),
        GOOD.replace(
            "source:\n  url: sqlite:///crm.db\n  preset: demo\n",
            "source: x://h/?passwd=ge geheim&a=b\n",
        ),
        GOOD + "password: geheim\n",
        GOOD + "period: mysql://reader:geheim@db/crm\n",
        GOOD + "targets: {mysql://reader:geheim@db/crm: 5}\n",
        GOOD.replace("currency: EUR", "currency: mysql://reader:geheim@db/crm"),
        GOOD.replace("preset: demo", "preset: mysql://reader:geheim@db/crm"),
        GOOD.replace(
            "  url: sqlite:///crm.db\n", "  url: mysql://reader:geheim@db/crm\n\tpreset: x\n"
        ),
        # a blank in it ends no address
        GOOD.replace("preset: demo", "preset: mysql://reader:gehe im geheim@db/crm"),
        GOOD.replace(
            "preset: demo", "preset: 'postgresql://reader@db/crm?sslpassword=gehe im geheim'"
        ),
        GOOD + "? mysql://reader:gehe im geheim@db/crm\n: x\n",
        GOOD + "? mysql://reader:geheim@db/crm\n: x\n? mysql://reader:geheim@db/crm\n: y\n",
        GOOD.replace("zone: Europe/Amsterdam", "zone: mysql://reader:geheim@db/crm"),
        GOOD + "schedule: {weekly: 'mysql://reader:geheim@db/crm'}\n",
        "mysql://reader:geheim@db/crm\n",
    ],
)
def test_no_message_holds_a_secret(load: Load, text: str) -> None:
    refused(load, text, "audit.yaml")


@pytest.mark.parametrize(
    "url",
    [
        "mysql+pymysql://reader:${CRM_PASSWORD}@db/crm",
        "mysql+pymysql://${USER}:${CRM_PASSWORD}@db:3306/crm?charset=utf8mb4",
        "mysql+pymysql://reader@db/crm",
        "${CRM_URL}",
        "sqlite:///folder@work/crm:new.db",
        "sqlite:////srv/crm.db",
        "postgresql://reader@db/crm?passfile=/srv/pgpass&sslkey=/srv/key.pem",
        "postgresql://reader@db/crm?password=${CRM_PASSWORD}",
    ],
)
def test_what_holds_no_password_is_accepted(load: Load, url: str) -> None:
    assert load(GOOD.replace("sqlite:///crm.db", url)).settings.source.url == url


@pytest.mark.parametrize(
    "address",
    [
        "https://reader:geheim@crm.example.com",
        "https://geheim@crm.example.com",
        "https://reader:gehe im geheim@crm.example.com",
        "https://crm.example.com?token=geheim",
        "https://crm.example.com/?a=1&api_key=geheim",
        "https://${USER}:${PASSWORD}@crm.example.com",
        "https://${HOST}",
    ],
)
def test_the_address_in_every_report_holds_no_secret(load: Load, address: str) -> None:
    refused(
        load,
        GOOD.replace("preset: demo", f"preset: demo\n  crm_url: '{address}'"),
        "line 5",
        "source.crm_url",
    )


@pytest.mark.parametrize(
    "address",
    [
        "https://crm.example.com",
        "http://crm.example.com:8080/crm",
        "https://crm.example.com/of/jan@example.com",
        "https://crm.example.com/?for=jan@example.com",
        "https://crm.example.com/#/of/jan@example.com",
    ],
)
def test_an_at_sign_behind_the_host_is_no_account(load: Load, address: str) -> None:
    text = GOOD.replace("preset: demo", f"preset: demo\n  crm_url: '{address}'")
    assert load(text).settings.source.crm_url == address


@pytest.mark.parametrize(
    "address", ["javascript:alert(1)", "crm.example.com", "https://", "https:// x"]
)
def test_the_address_in_every_report_is_one_of_pages(load: Load, address: str) -> None:
    refused(
        load,
        GOOD.replace("preset: demo", f"preset: demo\n  crm_url: '{address}'"),
        "https://crm.example.com",
    )


def test_secrets_come_from_the_environment() -> None:
    given = {"USER": "reader", "CRM_PASSWORD": "geheim", "CRM_URL": "sqlite:///x.db"}
    assert (
        secrets_of("mysql://${USER}:${CRM_PASSWORD}@db/crm", given)
        == "mysql://reader:geheim@db/crm"
    )
    assert secrets_of("${CRM_URL}", given) == "sqlite:///x.db"
    assert secrets_of("sqlite:///$x.db", given) == "sqlite:///$x.db"


@pytest.mark.parametrize(
    "password",
    ["p@ss", "a/b", "a:b", "%41", "a b+c", "gehe?x=1#y", "\u00fc\u20ac", "@", "plain", ""],
)
def test_a_password_may_hold_what_has_a_meaning_in_addresses(password: str) -> None:
    url = make_url(
        secrets_of("mysql+pymysql://reader:${P}@db:3306/crm?charset=utf8mb4", {"P": password})
    )
    assert (url.password, url.username, url.host, url.port, url.database) == (
        password,
        "reader",
        "db",
        3306,
        "crm",
    )


def test_an_environment_variable_that_is_not_set_is_named() -> None:
    with pytest.raises(ConfigError, match=r"source\.url.*CRM_PASSWORD.*not set") as refusal:
        secrets_of("mysql://reader:${CRM_PASSWORD}@db/crm", {"OTHER": "geheim"})
    assert "geheim" not in str(refusal.value)
    assert refusal.value.exit_status == 2


def test_secrets_are_not_read_before_they_are_needed(
    load: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CRM_PASSWORD", "geheim")
    audit = load(
        GOOD.replace("sqlite:///crm.db", "mysql+pymysql://reader:${CRM_PASSWORD}@db/crm")
    )
    assert "geheim" not in repr(audit)


# ------------------------------------------------------------------------------------------------ files


def test_a_file_that_does_not_exist(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none\.yaml cannot be read") as refusal:
        load_audit(tmp_path / "none.yaml")
    assert refusal.value.exit_status == 2


def test_a_folder_instead_of_a_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        load_audit(tmp_path)


@pytest.mark.parametrize(
    ("content", "parts"),
    [
        (b"", ("'name' is missing", "'source' is missing")),
        (b"# nothing yet\n", ("'name' is missing",)),
        (b"---\n", ("'name' is missing",)),
        (b"- name: Sales\n- zone: UTC\n", ()),
        (b"Sales\n", ()),
        (b"5\n", ()),
        (GOOD.encode().replace(b"Sales", b"M\xfcller"), ("UTF-8",)),
        (GOOD.encode("utf-16"), ("UTF-8",)),
        (b"name: Sales\n\tzone: UTC\n", ("line 2", "not valid YAML")),
        (b"name: [Sales\nzone: UTC\n", ("line", "not valid YAML")),
        (b"name: 'Sales\nzone: UTC\n", ("line", "not valid YAML")),
        (b"name: Sales\n  zone: UTC\n", ("line 2", "not valid YAML")),
        (b"name: Sales\nname: {a: b, c}: d\n", ("line 2", "not valid YAML")),
        (b"name: *nobody\n", ("line 1", "not valid YAML")),
        (b"name: Sales\n---\nname: Sales\n", ("line 2", "not valid YAML")),
        (b"name: !!python/object/apply:os.system ['true']\n", ("line 1", "not valid YAML")),
        (b"name: !secret geheim\n", ("line 1", "not valid YAML")),
        (b"name: !!int five\n", ()),
        (b"name: !!timestamp five\n", ()),
        (b"name: !!binary '\xc3\xa9'\n", ()),
        (b"name: Sa\x07les\n", ()),
        (b"name: Sa\x00les\n", ()),
        (b"? [a, b]\n: c\n", ("line 1",)),
        (b"? {a: b}\n: c\n", ("line 1",)),
        (b"name: &a [*a]\n", ()),
        (b"source: &s\n  url: *s\n", ()),
        (b"name: " + b"[" * 5_000 + b"]" * 5_000 + b"\n", ()),
        (
            GOOD.encode() + b"period: {first: 2026-13-45, to: 2026-12-01}\n",
            ("line 7", "period.first", "2026-13-45"),
        ),
        (GOOD.encode() + b"1: x\n", ("line 7", "1")),
        (GOOD.encode() + b"true: x\n", ("True", "strings")),
        (GOOD.encode() + b"null: x\n", ("None", "strings")),
    ],
)
def test_what_is_no_audit(load: Load, content: bytes, parts: tuple[str, ...]) -> None:
    refused(load, content, "audit.yaml", *parts)


# ------------------------------------------------------------------------------------------------ field sets

SET = """\
entity: meeting
fields:
  - {name: date, columns: [start_at]}
  - {name: result, label: the result, columns: [result], when: held, weight: 3, why: so that it is known}
"""


@pytest.fixture
def with_sets(load: Load, tmp_path: Path) -> Load:
    """Loads an audit with this text as the field set of meetings."""
    folder = tmp_path / "sets"
    folder.mkdir()

    def loaded(text: str | bytes) -> Audit:
        (folder / "meeting.yaml").write_bytes(text.encode() if isinstance(text, str) else text)
        return load(GOOD + "field_sets: sets\n")

    return loaded


def test_a_field_set_of_ones_own(with_sets: Load) -> None:
    audit = with_sets(SET)
    date_, result = audit.field_sets["meeting"].demands
    assert (str(date_.label), date_.weight, date_.when, date_.why) == ("date", 1, None, NO_TEXT)
    assert (str(result.label), result.weight, result.when, str(result.why)) == (
        "the result",
        3,
        HELD,
        "so that it is known",
    )


def test_a_set_that_an_own_folder_lacks_is_ours_and_an_empty_one_demands_nothing(
    load: Load, with_sets: Load, tmp_path: Path
) -> None:
    (tmp_path / "sets" / "lead.yaml").write_text("entity: lead\nfields: []\n", "utf-8")
    audit, ours = with_sets(SET), load(GOOD)
    assert audit.field_sets["call"] == ours.field_sets["call"]
    assert audit.field_sets["call"].demands
    assert audit.field_sets["lead"].demands == ()


def test_a_folder_in_the_place_of_a_field_set_is_refused(
    load: Load, with_sets: Load, tmp_path: Path
) -> None:
    (tmp_path / "sets" / "call.yaml").mkdir()
    refused(with_sets, SET, "call.yaml", "cannot be read")


def test_our_field_sets_are_copied_and_none_of_yours_is_overwritten(
    load: Load, tmp_path: Path
) -> None:
    own = tmp_path / "sets"
    own.mkdir()
    (own / "call.yaml").write_text("entity: call\nfields: []\n", "utf-8")
    written, kept = copy_field_sets(own)
    assert [file.name for file in kept] == ["call.yaml"]
    assert sorted(file.stem for file in written) == sorted({*CHECKED} - {"call"})
    audit, ours = load(GOOD + "field_sets: sets\n"), load(GOOD)
    assert audit.field_sets["call"].demands == ()
    assert audit.field_sets["deal"] == ours.field_sets["deal"]


@pytest.mark.parametrize(
    ("old", "new", "parts"),
    [
        (
            "[start_at]",
            "[starts_at]",
            ("line 3", "'date'", "'starts_at'", "start_at", "subject", "contact"),
        ),
        ("[start_at]", "[]", ("line 3", "'date'", "column")),
        ("[start_at]", "start_at", ("line 3", "fields.0.columns", "start_at")),
        ("[start_at]", "[5]", ("line 3", "fields.0.columns.0")),
        ("[start_at]", "[phone]", ("line 3", "'date'", "'phone'")),
        ("[start_at]", "[owner_id]", ("line 3", "'date'", "owner cannot be demanded")),
        ("name: date", "name: The day", ("line 3", "'The day'", "id for machines")),
        ("name: date", "name: check.date", ("line 3", "'check.date'", "id for machines")),
        (
            "when: held",
            "when: cancelled",
            ("line 4", "fields.1.when", "'cancelled'", "planned, held, not held"),
        ),
        ("weight: 3", "weight: -1", ("line 4", "'result'", "weight")),
        ("weight: 3", "weight: half", ("line 4", "fields.1.weight", "'half'")),
        ("weight: 3", "weight: 1.5", ("line 4", "fields.1.weight", "1.5")),
        ("name: result", "name: date", ("line 2", "fields", "'date'", "same name")),
        ("name: result, ", "", ("line 4", "fields.1.name", "missing")),
        ("columns: [result], ", "", ("line 4", "fields.1.columns", "missing")),
        ("why: so", "because: so", ("line 4", "fields.1.because")),
        ("entity: meeting", "entity: call", ("meeting.yaml",)),
        ("entity: meeting", "entity: task", ("line 1", "entity", "'task'", "'meeting'")),
        ("entity: meeting\n", "", ("entity", "missing")),
        ("fields:", "felder:", ("line 2", "'felder'", "fields")),
        (
            "  - {name: date, columns: [start_at]}",
            "  date: [start_at]",
            ("line 4", "not valid YAML"),
        ),
    ],
)
def test_a_wrong_field_set(with_sets: Load, old: str, new: str, parts: tuple[str, ...]) -> None:
    assert old in SET
    refused(with_sets, SET.replace(old, new), "meeting.yaml", *parts)


@pytest.mark.parametrize(
    "content", [b"", b"- x\n", b"\xff\xfe", b"entity: [\n", b"entity: Sa\x07les\n", b"\t"]
)
def test_what_is_no_field_set(with_sets: Load, content: bytes) -> None:
    refused(with_sets, content, "meeting.yaml")


def test_a_field_set_of_another_entity_is_refused(with_sets: Load) -> None:
    said = "entity: client\nfields:\n  - {name: name, columns: [name]}\n"
    refused(with_sets, said, "meeting.yaml", "entity", "'client'", "file's name")


WHEN = """\
entity: deal
fields:
  - name: next_step
    columns: [name]
    when:
      state: [open, won]
      amount: {between: [10.5, null]}
      any:
        - name: [web, "7"]
        - not: {close_day: {older_than: 30}}
"""


def of_deals(with_sets: Load, tmp_path: Path, text: str) -> Audit:
    (tmp_path / "sets" / "deal.yaml").write_text(text, "utf-8")
    return with_sets(SET)


def test_a_condition_is_a_tree(with_sets: Load, tmp_path: Path) -> None:
    (demand,) = of_deals(with_sets, tmp_path, WHEN).field_sets["deal"].demands
    assert demand.when == AllOf(
        (
            AnyOf((Among("name", ("web", "7")), Not(OlderThan("close_day", 30)))),
            InState(("open", "won")),
            Between("amount", Decimal("10.5"), None),
        )
    )
    assert demand.looked_at == ("name", "close_day", "amount")


def test_both_bounds_may_be_one(with_sets: Load, tmp_path: Path) -> None:
    text = WHEN.replace("[10.5, null]", "[10.5, 10.5]")
    (demand,) = of_deals(with_sets, tmp_path, text).field_sets["deal"].demands
    assert Between("amount", Decimal("10.5"), Decimal("10.5")) in demand.conditions


@pytest.mark.parametrize(
    ("old", "new", "parts"),
    [
        (
            "state: [open, won]",
            "state: held",
            ("line 6", "when.state", "'held'", "open, won, lost"),
        ),
        ("state: [open, won]", "state: []", ("line 6", "when.state", "empty list")),
        ("name: [web", "nam: [web", ("line 9", "when.any.0.nam", "no 'nam'", "close_day")),
        (
            "[10.5, null]",
            "[ten, null]",
            ("line 7", "when.amount.between", "an amount", "'ten'"),
        ),
        ("[10.5, null]", "[null, null]", ("line 7", "when.amount", "a bound")),
        ("{older_than: 30}", "{between: [0001-01-01, null]}", ("line 10", "a day like")),
        ("[10.5, null]", "[10, 9]", ("line 7", "when.amount", "10 is beyond 9")),
        ("[10.5, null]", "10", ("line 7", "when.amount")),
        ("{between: [10.5, null]}", "high", ("line 7", "when.amount", "an amount", "'high'")),
        ("{between: [10.5, null]}", "5", ("line 7", "when.amount", "write a word", "5")),
        ("{between: [10.5, null]}", "{older_than: 5}", ("line 7", "when.amount", "an amount")),
        ("{between: [10.5, null]}", "{over: 5}", ("line 7", "when.amount.over")),
        ("{older_than: 30}", "{older_than: -1}", ("line 10", "close_day.older_than", "-1")),
        ("{older_than: 30}", "yes", ("line 10", "not.close_day", "a day")),
        (
            "close_day: {",
            "moment: {between: [1, 2], ",
            ("line 10", "not.moment", "write one of"),
        ),
        ("close_day:", "owner_id:", ("line 10", "not.owner_id", "no 'owner_id'")),
        ('"7"', "7", ("line 9", "when.any.0.name", "string")),
        (
            "amount: {between: [10.5, null]}",
            "source: x",
            ("line 7", "when.source", "no 'source'"),
        ),
    ],
)
def test_a_wrong_condition(
    with_sets: Load, tmp_path: Path, old: str, new: str, parts: tuple[str, ...]
) -> None:
    assert old in WHEN
    changed = WHEN.replace(old, new)
    refused(lambda text: of_deals(with_sets, tmp_path, text), changed, "deal.yaml", *parts)


def test_a_condition_on_what_this_crm_does_not_hold_leaves_the_demand_out(
    tmp_path: Path,
) -> None:
    """A set is shared by CRMs: as with a field that one of them lacks, the report says so."""
    (tmp_path / "deal.yaml").write_text(
        WHEN + "  - {name: stage, columns: [stage]}\n", encoding="utf-8"
    )
    absent = {"deal.amount": same_in_all("not kept")}
    fields = read_field_sets(tmp_path, absent, ENTITIES)["deal"]
    assert [demand.name for demand in fields.demands] == ["stage"]
    why = fields.absent["next_step"]
    assert why.chosen("en") == "whether it is due depends on the amount: not kept"
    assert why.chosen("nl") == "of het nodig is, hangt af van bedrag: not kept"


def test_what_is_wrong_with_a_condition_is_refused_even_where_the_crm_lacks_the_column(
    tmp_path: Path,
) -> None:
    (tmp_path / "deal.yaml").write_text(WHEN.replace("[10.5, null]", "[ten, null]"), "utf-8")
    with pytest.raises(ConfigError, match="'ten'"):
        read_field_sets(tmp_path, {"deal.amount": same_in_all("not kept")}, ENTITIES)


FROM = """\
entity: deal
fields:
  - {name: source, columns: [name], one_of: [web, fair], required: no, from: 2026-01-01, weight: 0}
  - {name: close, columns: [close_day, created_at], required: no, grace: 3, when: {state: won}}
"""


def test_a_day_from_which_a_demand_is_due_and_one_that_requires_nothing(
    with_sets: Load, tmp_path: Path
) -> None:
    source, close = of_deals(with_sets, tmp_path, FROM).field_sets["deal"].demands
    assert source.when == AllOf((Since(date(2026, 1, 1)), Filled("name")))
    assert source.weight == 0
    either = AnyOf((Filled("close_day"), Filled("created_at")))
    assert close.when == AllOf((InState(("won",)), OlderThan("moment", 3), either))


@pytest.mark.parametrize(
    ("old", "new", "parts"),
    [
        ("2026-01-01", "2026-02-30", ("line 3", "fields.0.from", "2026-01-31", "2026-02-30")),
        ("2026-01-01", "20260101", ("line 3", "fields.0.from", "a day")),
        ("2026-01-01", "0001-01-01", ("line 3", "fields.0.from", "a day")),
        ("weight: 0", "weight: -1", ("line 3", "'source'", "from 0 to 1000")),
        ("required: no", "required: never", ("line 3", "fields.0.required", "never")),
        ("one_of: [web, fair], ", "", ("line 3", "'source'", "add a check")),
    ],
)
def test_a_wrong_from(
    with_sets: Load, tmp_path: Path, old: str, new: str, parts: tuple[str, ...]
) -> None:
    assert old in FROM
    changed = FROM.replace(old, new)
    refused(lambda text: of_deals(with_sets, tmp_path, text), changed, "deal.yaml", *parts)


def test_grace_is_a_part_of_the_condition(with_sets: Load) -> None:
    older = OlderThan("moment", 2)
    date_, result = (
        with_sets(SET.replace("columns:", "grace: 2, columns:")).field_sets["meeting"].demands
    )
    assert (date_.when, result.when) == (older, AllOf((HELD, older)))


@pytest.mark.parametrize("grace", ["-1", "soon", "1.5"])
def test_a_wrong_grace(with_sets: Load, grace: str) -> None:
    changed = SET.replace("when: held", f"grace: {grace}")
    refused(with_sets, changed, "meeting.yaml", "line 4", "fields.1.grace", grace)


CHECKED_SET = """\
entity: deal
fields:
  - {name: source, columns: [name], one_of: [web, fair]}
  - {name: amount, columns: [amount], between: [0, 99.95]}
  - {name: close, columns: [close_day], lies: future, within_months: 12}
  - {name: code, columns: [name], pattern: '[A-Z]{2}[0-9]+', when: {name: {pattern: '.*[0-9]'}}}
"""


def test_what_a_demand_checks(with_sets: Load, tmp_path: Path) -> None:
    demands = of_deals(with_sets, tmp_path, CHECKED_SET).field_sets["deal"].demands
    assert [demand.checks for demand in demands] == [
        (OneOf(("web", "fair")),),
        (Within(Decimal(0), Decimal("99.95")),),
        (Dated("future"), Recent(12)),
        (Pattern("[A-Z]{2}[0-9]+"),),
    ]
    assert demands[3].when == Matches("name", ".*[0-9]")


@pytest.mark.parametrize(
    ("old", "new", "parts"),
    [
        ("[web, fair]", "[]", ("line 3", "fields.0.one_of", "empty list")),
        (
            "columns: [name], one",
            "columns: [amount], one",
            ("line 3", "fields.0.one_of", "'amount'"),
        ),
        ("[0, 99.95]", "[0, much]", ("line 4", "fields.1.between", "an amount", "'much'")),
        ("columns: [amount]", "columns: [name]", ("line 4", "fields.1.between", "a text")),
        ("lies: future", "lies: ahead", ("line 5", "fields.2.lies", "'ahead'")),
        ("[close_day]", "[amount]", ("line 5", "fields.2.lies", "a day", "'amount'")),
        ("months: 12", "months: 0", ("line 5", "fields.2.within_months", "0")),
        (
            "'[A-Z]{2}[0-9]+'",
            r"'[A-Z]{2}\d+'",
            ("line 6", "fields.3.pattern", "position 9", "write [0-9]"),
        ),
        ("[0-9]+'", "[0-9]+$'", ("line 6", "fields.3.pattern", "position 15", "leave it out")),
        (
            "columns: [name], p",
            "columns: [amount], p",
            ("line 6", "fields.3.pattern", "'amount'"),
        ),
        ("'.*[0-9]'", "'(a+)+'", ("line 6", "fields.3.when.name", "too many ways")),
        (
            "{pattern: '.*[0-9]'}",
            "{}",
            ("line 6", "fields.3.when.name", "write one of pattern"),
        ),
    ],
)
def test_a_wrong_check(
    with_sets: Load, tmp_path: Path, old: str, new: str, parts: tuple[str, ...]
) -> None:
    assert old in CHECKED_SET
    changed = CHECKED_SET.replace(old, new)
    refused(lambda text: of_deals(with_sets, tmp_path, text), changed, "deal.yaml", *parts)


def test_conditions_are_bounded(with_sets: Load, tmp_path: Path) -> None:
    deep, wide = "{name: filled}", ", ".join(["{name: filled}"] * 51)
    for _ in range(4):
        deep = f"{{not: {deep}}}"
    for when, said in (
        (deep, "4 deep"),
        (f"{{any: [{wide}]}}", "50 parts"),
        ("{}", "asks nothing"),
    ):
        text = f"entity: deal\nfields:\n  - {{name: n, columns: [name], when: {when}}}\n"
        refused(
            lambda text: of_deals(with_sets, tmp_path, text), text, "deal.yaml", "line 3", said
        )


def test_the_examples_of_the_documentation_are_read(with_sets: Load, tmp_path: Path) -> None:
    page = (ROOT / "docs" / "field-sets.md").read_text("utf-8")
    examples = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    assert len(examples) == page.count("```yaml") >= 3
    held = Held(ENTITIES, {})
    for number, example in enumerate(examples):
        file = tmp_path / f"{number}.yaml"
        file.write_text(example, "utf-8")
        parsed = parse(file, FieldSetFile, context=held)
        assert parsed.fields


def test_a_state_of_what_has_none(with_sets: Load, tmp_path: Path) -> None:
    (tmp_path / "sets" / "client.yaml").write_text(
        "entity: client\nfields: [{name: n, columns: [name], when: held}]\n", encoding="utf-8"
    )
    refused(with_sets, SET, "client.yaml", "line 2", "fields.0.when", "'held'", "no state")


def test_a_folder_of_field_sets_that_does_not_exist(load: Load) -> None:
    refused(load, GOOD + "field_sets: expectation\n", "audit.yaml", "field_sets", "expectation")


def test_a_field_of_several_columns_is_due_where_the_crm_holds_one(load: Load) -> None:
    audit = load(GOOD.replace("preset: demo", "preset: suitecrm"))
    details = next(
        field for field in audit.field_sets["client"].demands if field.name == "details"
    )
    assert details.columns == ("phone", "email")


@pytest.mark.parametrize(
    ("absent", "columns", "why"),
    [
        ({"phone": "not kept"}, ("email",), None),
        ({"email": "not kept"}, ("phone",), None),
        ({"phone": "no phones", "email": "no mail"}, None, "no phones"),
    ],
)
def test_a_field_is_absent_only_where_all_of_its_columns_are(
    load: Load,
    tmp_path: Path,
    absent: dict[str, str],
    columns: tuple[str, ...] | None,
    why: str | None,
) -> None:
    """Of phone or e-mail the one that the CRM holds is still due."""
    listed = ", ".join(f"client.{column}: {reason}" for column, reason in absent.items())
    (tmp_path / "crm.yaml").write_text(f"extends: suitecrm\nabsent: {{{listed}}}\n", "utf-8")
    fields = load(GOOD.replace("preset: demo", "preset: crm.yaml")).field_sets["client"]
    assert (
        next((field.columns for field in fields.demands if field.name == "details"), None)
        == columns
    )
    assert fields.absent.get("details") == (why and same_in_all(why))


@pytest.mark.parametrize("name", ["MEETINGS.YAML", "Meeting.yml", "meetings.Yml", "deals.yaml"])
def test_a_field_set_under_another_name_is_refused_and_not_forgotten(
    with_sets: Load, tmp_path: Path, name: str
) -> None:
    (tmp_path / "sets" / name).write_text(SET, "utf-8")
    refused(with_sets, SET, name, "rename it to one of", "meeting.yaml")


@pytest.mark.parametrize(
    "name", ["README.md", ".meeting.yaml.swp", ".old.yaml", "meeting.yaml~"]
)
def test_what_is_no_field_set_may_lie_beside_them(
    with_sets: Load, tmp_path: Path, name: str
) -> None:
    (tmp_path / "sets" / name).write_text("anything", "utf-8")
    assert len(with_sets(SET).field_sets["meeting"].demands) == 2


# ------------------------------------------------------------------------------------------------ targets


@pytest.fixture
def with_targets(load: Load, tmp_path: Path) -> Load:
    """Loads an audit with this text as targets.csv."""

    def loaded(text: str | bytes) -> Audit:
        (tmp_path / "targets.csv").write_bytes(text.encode() if isinstance(text, str) else text)
        return load(GOOD + "targets: targets.csv\n")

    return loaded


HEAD = "manager,month,metric,target\n"


# of such a month nobody would ever have a plan; the last is of full-width digits
NO_MONTHS = (
    "20266-11",
    "202-11",
    "26-11",
    "-2026-11",
    "2026-00",
    "2026-11 ",
    "2026_11",
    "\uff12\uff10\uff12\uff16-11",
)


@pytest.mark.parametrize("month", NO_MONTHS)
def test_a_wrong_month_in_audit_yaml(load: Load, month: str) -> None:
    refused(
        load,
        GOOD + f"targets: {{m1: {{'{month}': {{deals_won: 8}}}}}}\n",
        "targets",
        f"'{month}'",
        "2026-11",
    )


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("manager,month,target\nm1,2026-11,8\n", ("line 1", "no column metric")),
        (
            "Manager,month,metric,target\nm1,2026-11,deals_won,8\n",
            ("line 1", "no column manager"),
        ),
        (HEAD + "m1,2026-11,deals_won\n", ("line 2", "whole number")),
        (HEAD + "m1,2026-11,deals_won,many\n", ("line 2", "'many'", "whole number")),
        (HEAD + "m1,2026-11,deals_won,8.5\n", ("line 2", "'8.5'")),
        (HEAD + "m1,2026-11,deals_won,\n", ("line 2", "whole number")),
        (HEAD + "m1,2026-11,deals_won,8\nm2,2026-11,deals_won,-1\n", ("line 3", "-1")),
        (HEAD + "m1,2026-13,deals_won,8\n", ("line 2", "'2026-13'", "2026-11")),
        (HEAD + "m1,2026-1,deals_won,8\n", ("line 2", "'2026-1'")),
        (HEAD + "m1,11/2026,deals_won,8\n", ("line 2", "'11/2026'")),
        *(
            (HEAD + f"m1,{month},deals_won,8\n", ("line 2", f"'{month}'"))
            for month in NO_MONTHS
        ),
        (HEAD + "m1,2026-11-01,deals_won,8\n", ("line 2", "'2026-11-01'")),
        (
            HEAD + "m1,2026-11,deals,8\n",
            ("line 2", "'deals'", ", ".join(one.name for one in PLANNED)),
        ),
        (
            HEAD + "m1,2026-11,deals_won,8\nm1,2026-11,deals_won,9\n",
            ("line 3", "m1", "deals_won", "2026-11", "second"),
        ),
        (
            HEAD + "m1,2026-11,deals_won,8\n\n\nm1,2026-11,deals_won,x\n",
            ("line 5",),
        ),  # empty lines are lines
        (HEAD + '"m\n1",2026-11,deals_won,8\nm1,2026-11,deals_won,x\n', ("line 4",)),
        ("", ("line 1", "manager, month, metric")),
        (
            "m1,2026-11,deals_won,8\n",
            ("line 1", "manager, month, metric"),
        ),  # no line of headings
        (b"\xff\xfem\x001\x00", ("UTF-8",)),
        ((HEAD + "M\u00fcller,2026-11,deals_won,8\n").encode("latin-1"), ("UTF-8",)),
        (HEAD + "m" * 200_000 + ",2026-11,deals_won,8\n", ()),
    ],
)
def test_a_wrong_file_of_targets(
    with_targets: Load, text: str | bytes, parts: tuple[str, ...]
) -> None:
    refused(with_targets, text, "targets.csv", *parts)


def test_a_manager_has_a_target_of_each_measure_and_month(with_targets: Load) -> None:
    text = "m1,2026-11,deals_won,8\nm1,2026-11,meetings_held,20\nm1,2026-12,deals_won,9\n"
    targets = with_targets(HEAD + text).targets
    assert [(of.month, of.metric, of.target) for of in targets] == [
        ("2026-11", "deals_won", 8),
        ("2026-11", "meetings_held", 20),
        ("2026-12", "deals_won", 9),
    ]


def test_a_file_of_targets_that_does_not_exist(load: Load) -> None:
    refused(load, GOOD + "targets: none.csv\n", "none.csv", "targets", "audit.yaml")


def test_a_file_of_targets_without_targets(with_targets: Load) -> None:
    assert with_targets(HEAD).targets == ()


# ------------------------------------------------------------------------------------------------ presets


def test_presets_that_come_along_are_good() -> None:
    assert {"demo", "suitecrm"} <= set(preset_names())
    for name in preset_names():
        assert load_preset(name, Path()).name == name


@pytest.mark.parametrize("name", ["", "none", "../demo", "demo.yaml", "__init__"])
def test_a_preset_that_does_not_exist(name: str) -> None:
    with pytest.raises(ConfigError, match=r"the presets are demo, |cannot be read"):
        load_preset(name, Path())


# ------------------------------------------------------------------------------------------------ much of little


def laughs(levels: int, times: int, shape: str) -> str:
    """Each line repeats the one above: ten levels of ten are ten thousand million values in 304 bytes."""
    lines = ["a0: &a0 x"]
    for level in range(1, levels):
        repeated = ", ".join([f"*a{level - 1}"] * times)
        lines.append(f"a{level}: &a{level} " + shape.format(repeated))
    return "\n".join(lines) + "\n"


BOMBS = {
    "lists": laughs(10, 10, "[{}]"),
    "mappings": "a0: &a0 {k: x}\n" + "".join(
        f"a{n}: &a{n} {{p: *a{n - 1}, q: *a{n - 1}, r: *a{n - 1}}}\n" for n in range(1, 20)
    ),
    "merges": "a0: &a0 {k: x}\n" + "".join(f"a{n}: &a{n} {{<<: [*a{n - 1}, *a{n - 1}]}}\n" for n in range(1, 40)),
    "itself": "a: &a {b: *a}\n",
}  # fmt: skip


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_file_that_repeats_itself_a_billion_times_is_refused_at_once(
    load: Load, with_sets: Load, tmp_path: Path, bomb: str
) -> None:
    began = time.process_time()
    refused(
        load,
        GOOD + BOMBS[bomb],
        "audit.yaml",
        "alias (*name)" if bomb == "itself" else "aliases (*name)",
    )
    refused(with_sets, BOMBS[bomb], "meeting.yaml", "(*name)")
    (tmp_path / "crm.yaml").write_text(BOMBS[bomb], "utf-8")
    with pytest.raises(ConfigError, match=r"crm\.yaml.*\(\*name\)"):
        load_preset("crm.yaml", tmp_path)
    assert time.process_time() - began < 1


def test_aliases_of_everyday_size_are_fine(load: Load) -> None:
    text = GOOD + "targets:\n  m1: &same {2026-11: {deals_won: 3}}\n  m2: *same\n"
    assert [target.manager for target in load(text).targets] == ["m1", "m2"]


def test_what_is_too_long_for_a_configuration_is_refused(load: Load) -> None:
    with pytest.raises(ConfigError, match="not a configuration"):
        load_audit(Path("/dev/zero"))


# ------------------------------------------------------------------------------------------------ no place, no time


@pytest.mark.parametrize("key", ["output", "field_sets", "targets"])
@pytest.mark.parametrize("name", ["a\\0b", "a\\nb"])
def test_a_path_of_control_characters_is_refused(load: Load, key: str, name: str) -> None:
    refused(load, GOOD + f'{key}: "{name}"\n', "line 7", key, "control characters")


@pytest.mark.parametrize(
    "days", ["{first: 0001-01-01, to: 2026-12-01}", "{first: 2026-11-01, to: 9999-12-31}"]
)
def test_a_period_beyond_all_calendars_is_refused(load: Load, days: str) -> None:
    refused(load, GOOD + f"period: {days}\n", "line 7", "1970 to 2999")


def test_a_weight_has_a_bound(with_sets: Load) -> None:
    refused(with_sets, SET.replace("weight: 3", f"weight: {10**30}"), "from 0 to 1000")


@pytest.mark.parametrize("mark", [";", "\t"])
def test_a_plan_is_read_as_a_spreadsheet_saves_it(
    load: Load, tmp_path: Path, mark: str
) -> None:
    lines = [
        "manager,month,metric,target",
        "m1,2026-11,deals_won, 3 ",
        ",,,",
        ",,,,",
        "m2,2026-11,deals_won,0",
        "",
    ]
    text = "\ufeff" + "\r\n".join(lines).replace(",", mark)
    (tmp_path / "plan.csv").write_text(text, "utf-8", newline="")
    targets = load(GOOD + "targets: plan.csv\n").targets
    assert [(target.manager, target.target) for target in targets] == [("m1", 3), ("m2", 0)]


@pytest.mark.parametrize(
    "number", ["3,0", "3.0", "1_0", "\u0663", "9" * 9_000, "10000000000000", "-1", ""]
)
def test_a_target_that_is_no_whole_number_is_refused(
    load: Load, tmp_path: Path, number: str
) -> None:
    (tmp_path / "plan.csv").write_text(
        f'manager,month,metric,target\nm1,2026-11,deals_won,"{number}"\n', "utf-8"
    )
    refused(load, GOOD + "targets: plan.csv\n", "plan.csv, line 2")


def test_an_output_whose_path_is_no_text_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "audit.yaml"
    file.write_text(
        "name: A\nsource: {url: 'sqlite:///crm.db', preset: demo}\nzone: UTC\ncurrency: EUR\n",
        "utf-8",
    )
    with pytest.raises(
        ConfigError, match=r"output: the folder's path holds bytes that are no UTF-8"
    ):
        load_audit(file, output=tmp_path / "o\udcff")
