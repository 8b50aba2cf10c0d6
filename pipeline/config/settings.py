"""The keys of audit.yaml, and what may stand in them."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Final, Literal, get_args
from urllib.parse import quote

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    field_validator,
    model_validator,
)

from pipeline.calendar.cron import WEEKDAYS, read_cron
from pipeline.errors import ConfigError
from pipeline.model import SHARES, Agreement, Audience, LanguageCode, PeriodWord
from pipeline.model.keeping import Age, Keep
from pipeline.presets import preset_names
from pipeline.values.addresses import holds_account, holds_secret, is_address
from pipeline.values.countries import region_of
from pipeline.values.money import CODES
from pipeline.values.zone_names import zone_names

_ENV: Final = re.compile(r"\$\{(\w+)\}")
_DURATION: Final = re.compile(
    r"(?P<number>\d+(?:\.\d+)?)\s*(?P<unit>s|secs?|seconds?|m|mins?|minutes?|h|hours?)?",
    re.IGNORECASE,
)
_AGE: Final = re.compile(
    r"(?P<number>\d{1,5})\s*(?P<unit>day|week|month|year)s?|(?P<ever>forever)", re.IGNORECASE
)
_OLDEST: Final = 10_000
_AUDIT_ID: Final = re.compile(r"[a-z0-9][a-z0-9_-]{2,39}")
_FIRST_YEAR: Final = 1970
_LAST_YEAR: Final = 2999
_LONGEST_HOLD: Final = 86_400.0


def _seconds(value: object) -> float:
    """'5 min', '90 s', '1 hour' or a number of seconds, in seconds."""
    read = (
        _DURATION.fullmatch(str(value).strip())
        if isinstance(value, str | int | float)
        else None
    )
    factor = {"m": 60, "h": 3600}.get((read["unit"] or "s")[0].lower(), 1) if read else 0
    seconds = float(read["number"]) * factor if read else 0.0
    if not 0 < seconds <= _LONGEST_HOLD:
        raise ValueError(
            "write a duration up to a day, like '5 min', '90 s' or a number of seconds"
        )
    return seconds


class Strict(BaseModel):
    """Keys that are not known are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _without_secret(value: str) -> str:
    if holds_secret(value):
        raise ValueError(
            "a password must not stand in the file; write ${NAME} and set that environment variable"
        )
    return value


class Source(Strict):
    """Where the CRM is, and how to read it."""

    # as written: secrets stay ${ENV} until the connection is opened
    url: Annotated[str, AfterValidator(_without_secret)]
    preset: str
    crm_url: str = ""  # the address of the CRM's pages, for links to records
    add: dict[str, str] = {}  # 'meeting.result' -> 'meetings_cstm.result_c'
    end_passed_is_held: bool = False  # where the CRM holds no status of meetings or calls
    hidden_rows: Literal["refuse", "allow"] = (
        "refuse"  # where the database hides rows from the account
    )
    several_owners: Literal["first", "all"] = (
        "first"  # who is credited with a record that has several owners
    )
    max_hold: Annotated[float, BeforeValidator(_seconds)] = (
        300.0  # seconds of the one transaction; '5 min' is read too
    )

    @field_validator("preset")
    @classmethod
    def _exists(cls, value: str) -> str:
        if not value.endswith((".yaml", ".yml")) and value not in preset_names():
            raise ValueError(
                f"there is no preset '{value}'; allowed: {', '.join(preset_names())}, or a file of yours"
            )
        return value

    @field_validator("crm_url")
    @classmethod
    def _an_address_for_all(cls, value: str) -> str:
        """It stands in every report, so that whoever gets one may know it."""
        if holds_account(value) or holds_secret(value) or "${" in value:
            raise ValueError(
                "every report shows this address; write it without an account, a password or a token"
            )
        if value and not re.fullmatch(r"https?://[^\s/?#]+\S*", value):
            raise ValueError(
                "write the address of the CRM's pages like https://crm.example.com"
            )
        return value


def _zone(value: str) -> str:
    if value not in zone_names():
        raise ValueError(f"'{value}' is no time zone; write one like Europe/Amsterdam")
    return value


def _audit_id(value: str) -> str:
    if not _AUDIT_ID.fullmatch(value):
        raise ValueError(
            f"'{value}' is no id of an audit; write 3 to 40 of the characters a-z, 0-9, - and _, "
            "a letter or digit first, like sales-7f3a9c02"
        )
    return value


def _shares(shares: dict[str, int]) -> dict[str, int]:
    if strange := sorted(shares.keys() - SHARES.keys()):
        raise ValueError(
            f"there is no kind of record '{strange[0]}' in a score; there are {', '.join(SHARES)}"
        )
    if negative := sorted(kind for kind, share in shares.items() if share < 0):
        raise ValueError(f"{negative[0]}: a share is 0 or more; correct it")
    every = {**dict.fromkeys(SHARES, 0), **shares}
    if not any(every.values()):
        raise ValueError("all shares are 0, so nobody would have a score; give one a share")
    return every


def _region(value: object) -> str:
    if isinstance(value, bool):
        raise ValueError("YAML reads this as yes or no; write the code in quotes, like 'NO'")
    code = region_of(str(value))
    if not code:
        raise ValueError(f"'{value}' is no country; write its ISO code, like NL")
    return code


def _cron(value: str) -> str:
    read_cron(value)
    return value


def _path(value: Path) -> Path:
    if not str(value).isprintable():
        raise ValueError("a name of a file or folder holds no control characters; correct it")
    return value


def _printable(value: object) -> str:
    if not isinstance(value, str) or not value.strip() or not value.isprintable():
        raise ValueError("write with whom it was made, on one line, like 'the works council'")
    return value.strip()


def _day(value: object) -> date:
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        raise ValueError("write a day like 2026-01-31") from None


def _contact(value: str) -> str:
    if not is_address(value):
        raise ValueError("write one e-mail address, like crm-team@example.com")
    return value


def _audience(value: object) -> object:
    if value not in get_args(Audience):
        raise ValueError(
            "write named (management sees each account manager by name) or own (management sees "
            "teams of five or more, and each account manager their own page)"
        )
    return value


def _agreement(value: object) -> object:
    if not isinstance(value, dict):
        raise ValueError(
            "write it like {with: the works council, date: 2026-01-31, until: 2027-12-31}"
        )
    return value


Place = Annotated[Path, AfterValidator(_path)]


def _files(value: object) -> object:
    """One file, or several."""
    if isinstance(value, str):
        return (value,)
    if not isinstance(value, list | tuple):
        raise ValueError("write the name of a CSV, or several: [north.csv, south.csv]")
    return value


class Period(Strict):
    """Half-open: `to` is the first day after the period."""

    first: date
    to: date

    @model_validator(mode="after")
    def _in_order(self) -> Period:
        if self.to <= self.first:
            raise ValueError(
                "'to' is the day after the last one, so it must come after 'first'"
            )
        if self.first.year < _FIRST_YEAR or self.to.year > _LAST_YEAR:
            raise ValueError(f"write days of the years {_FIRST_YEAR} to {_LAST_YEAR}")
        return self


def _word_or_days(value: object) -> object:
    """The value as it is; ValueError where it can be neither."""
    words = get_args(PeriodWord)
    if value in words or isinstance(value, dict | Period):
        return value
    named = ", ".join(f"'{word}'" for word in words)
    raise ValueError(
        f"write one of {named}, or the days: {{first: 2026-11-01, to: 2026-12-01}}"
    )


def _which(value: object) -> str:
    """By which of the two a period is read: errors are about that one alone, and brackets
    hide it from their path.
    """
    return "[word]" if isinstance(value, str) else "[days]"


_Asked = Annotated[
    Annotated[PeriodWord, Tag("[word]")] | Annotated[Period, Tag("[days]")],
    Discriminator(_which),
    BeforeValidator(_word_or_days),
]


class Control(Strict):
    """A number that a figure must equal, or nothing is published: of the CRM's report, or
    of a SELECT of one's own.
    """

    figure: str  # its id in figures.json: deals_won@company
    equals: Decimal | None = None  # a count, or an amount in units of its currency
    select: str | None = None  # one value, asked inside the transaction

    @model_validator(mode="after")
    def _one_of_both(self) -> Control:
        if (self.equals is None) == (self.select is None):
            raise ValueError("give either 'equals: NUMBER' or 'select: SELECT …'")
        return self


class AgreementFile(Strict):
    """What was agreed with staff representatives about these figures."""

    partner: Annotated[str, Field(alias="with"), BeforeValidator(_printable)]
    agreed_on: Annotated[date, Field(alias="date"), BeforeValidator(_day)]
    until: Annotated[date | None, BeforeValidator(_day)] = None  # its last day, if it has one

    @model_validator(mode="after")
    def _in_order(self) -> AgreementFile:
        if self.until is not None and self.until < self.agreed_on:
            raise ValueError("'until' is its last day, so it cannot be before 'date'")
        return self


class MeasureFile(Strict):
    """A measure of one's own: `count` is one of ours, `where` narrows it."""

    count: str
    where: Annotated[
        dict[
            str, Literal["filled", "missing"] | Annotated[tuple[str, ...], Field(min_length=1)]
        ],
        Field(min_length=1),
    ]
    label: str = ""
    share: bool = False  # as a percentage of what it narrows


def _age(value: object) -> Age | None:
    read = _AGE.fullmatch(str(value).strip())
    if read and read["ever"]:
        return None
    number = int(read["number"]) if read else 0
    if not read or not 0 < number <= _OLDEST:
        raise ValueError("write how long, like 35 days, 13 months, 2 years, or forever")
    unit = read["unit"].lower()
    if unit == "week":
        return Age(7 * number, "day")
    return Age(12 * number, "month") if unit == "year" else Age(number, unit)


class KeepFile(Strict):
    """How long what a run published is kept."""

    snapshots: Annotated[Age | None, BeforeValidator(_age)] = Keep().snapshots
    reports: Annotated[Age | None, BeforeValidator(_age)] = Keep().reports
    people: Annotated[Age | None, BeforeValidator(_age)] = Keep().people

    def kept(self) -> Keep:
        """As the rest of the program knows it."""
        return Keep(self.snapshots, self.reports, self.people)


class AuditFile(Strict):
    """The keys of audit.yaml."""

    name: str
    # never changed: each finding is known by it, from run to run
    id: Annotated[str, AfterValidator(_audit_id)] = ""
    source: Source
    zone: Annotated[str, AfterValidator(_zone)]
    currency: str
    language: LanguageCode = "en"  # of reports; the terminal stays English
    audience: Annotated[Audience, BeforeValidator(_audience)] = "named"
    # with staff representatives, about these figures
    agreement: Annotated[AgreementFile | None, BeforeValidator(_agreement)] = None
    working_week: tuple[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"], ...] = (
        WEEKDAYS[:5]
    )
    period: _Asked = "month"
    field_sets: Place | None = None
    targets: Place | dict[str, dict[str, dict[str, int]]] | None = None
    # decisions about findings: a CSV, or several
    exceptions: Annotated[tuple[Place, ...], BeforeValidator(_files)] = ()
    output: Place = Path("output")
    # a PostgreSQL, as written: secrets stay ${ENV}; '' is a file in
    # the output folder
    registry: Annotated[str, AfterValidator(_without_secret)] = ""
    keep: KeepFile = KeepFile()
    sign_with: Place | None = None  # a private Ed25519 key in PEM
    schedule: dict[str, Annotated[str, AfterValidator(_cron)]] = {}
    controls: tuple[Control, ...] = ()
    accept: tuple[
        str, ...
    ] = ()  # what is not plausible and so in this CRM: 'deal.close_day.unreadable'
    measures: dict[str, MeasureFile] = {}
    # for what is not right, where the CRM tells no leader's address
    contact: Annotated[str, AfterValidator(_contact)] = ""
    importers: tuple[str, ...] = ()  # ids of users whose records no person typed
    # of phone numbers whose record names no country: a country's ISO code
    region: Annotated[str, BeforeValidator(_region)] = ""
    operators: tuple[str, ...] = ()  # ids of users who owe what `owed_by: operator` says
    shares: Annotated[dict[str, int], AfterValidator(_shares)] = dict(SHARES)

    @field_validator("currency")
    @classmethod
    def _iso(cls, value: str) -> str:
        if value not in CODES:
            raise ValueError(f"'{value}' is no ISO 4217 code; write three capitals like EUR")
        return value

    def agreed(self) -> Agreement | None:
        """What was agreed with staff representatives, if anything was."""
        agreement = self.agreement
        if agreement is None:
            return None
        return Agreement(agreement.partner, agreement.agreed_on, agreement.until)


def secrets_of(
    url: str, environment: Mapping[str, str] = os.environ, *, key: str = "source.url"
) -> str:
    """A database's URL with every ${NAME} replaced from the environment:
    never printed, never stored. `key` is where it stands in audit.yaml.
    """

    def value(match: re.Match[str]) -> str:
        if match[1] not in environment:
            raise ConfigError(
                f"{key}: the environment variable {match[1]} is not set; set it and run again."
            )
        secret = environment[match[1]]
        # a password may hold an @ or a slash, which would end it
        return quote(secret, safe="") if url[match.end() : match.end() + 1] == "@" else secret

    return _ENV.sub(value, url)
