"""Presets: one readable YAML file of SELECTs per CRM, mapping its own
tables onto our entities.
"""

from __future__ import annotations

import re
from collections.abc import Set
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Final, Literal
from zoneinfo import available_timezones

import yaml
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    ValidationError,
    model_validator,
)

from pipeline.errors import ConfigError
from pipeline.language.languages import in_all
from pipeline.language.local_texts import WrittenText
from pipeline.model import ENTITIES, STATES, Kind, LocalText
from pipeline.presets.columns import Where
from pipeline.values.addresses import holds_account, holds_secret
from pipeline.values.money import CODES
from pipeline.values.white_space import WHITE_SPACE
from pipeline.yaml_files import read_yaml

CONTACT: Final = "meeting.contact"
"""What a meeting's row or its invitees say: no column of an entity, and yet something
that a CRM may not hold.
"""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _for_all(link: str) -> str:
    """An address that stands in every report, so that whoever gets one may know it."""
    if holds_account(link) or holds_secret(link):
        raise ValueError(
            "every report shows this address; write it without an account, a password or a token"
        )
    return link


Link = Annotated[str, AfterValidator(_for_all)]


class Part(_Strict):
    """A SELECT that yields one row per row of `table`, with `excluded` = why a row
    is not audited, or NULL.

    Where several entities read one table, each names in `excluded` the entity
    that audits the row instead.
    """

    table: str
    select: str | None = None
    columns: dict[str, Where] = {}  # instead of a SELECT: our column -> where it comes from
    excluded: dict[
        str, Where
    ] = {}  # with `columns`: the reason -> the column, or the condition, that says yes
    link: Link | None = (
        None  # to the record's edit form; relative to source.crm_url unless it has a scheme
    )


Parts = Annotated[
    tuple[Part, ...], BeforeValidator(lambda part: [part] if isinstance(part, dict) else part)
]


_DAY_PARTS: Final = frozenset({"Y", "y", "m", "-m", "b", "B", "d", "-d"})
_TIME_PARTS: Final = frozenset({"H", "-H", "I", "-I", "M", "S", "f", "g", "p", "z"})


def _moments() -> AfterValidator:
    """Checks formats as strptime has them: a whole day, two digits of a year only
    where %y says so; no quotes.
    """

    def checked(formats: tuple[str, ...]) -> tuple[str, ...]:
        for one in formats:
            parts = re.findall("%(-?.?)", one)
            bare = [part.removeprefix("-") for part in parts]
            allowed = _DAY_PARTS | _TIME_PARTS
            if strange := [part for part in parts if part not in allowed]:
                raise ValueError(
                    f"'{one}': %{strange[0]} is none of %{', %'.join(sorted(allowed))}"
                )
            whole = [sum(part in wanted for part in bare) for wanted in ("yY", "mbB", "d")] == [
                1,
                1,
                1,
            ]
            if (
                not whole
                or len(set(bare)) < len(bare)
                or ("p" in bare) != ("I" in bare)
                or {"H", "I"} <= set(bare)
            ):
                raise ValueError(
                    f"'{one}': needs one %Y (or %y), one %m (%b, %B), one %d, and %p where the hour is %I"
                )
            if "z" in bare and (not one.endswith("%z") or not {"H", "I"} & set(bare)):
                raise ValueError(
                    f"'{one}': %z, the offset from UTC, stands at the end and behind a time of day"
                )
            if re.search(r"['\"\\]|%-?[A-Za-z][0-9]|%-[A-Za-z]%", one) or not one.isprintable():
                raise ValueError(f"'{one}': no quotes, and no digits right after a part")
        return formats

    return AfterValidator(checked)


class Amount(_Strict):
    """How an amount is written: '1.234,50' has the decimal mark ','
    and '.' between thousands.
    """

    decimal: Literal[".", ","] = "."
    thousands: Literal["", ".", ",", "'", " "] = ""  # ' ' are also those that do not break
    signs: tuple[str, ...] = ()  # of currencies, before or after: € or EUR

    @model_validator(mode="after")
    def _told_apart(self) -> Amount:
        if self.decimal == self.thousands:
            raise ValueError("the decimal mark and the mark between thousands must differ")
        for sign in self.signs:
            if not sign or re.search(r"[0-9\s-]", sign):
                raise ValueError(f"signs: '{sign}': no digit, no minus, no white space")
        return self


def _must_be_a_zone(key: str, zone: str) -> None:
    if zone != "audit" and zone not in available_timezones():
        raise ValueError(
            f"{key}: '{zone}' is no time zone; write one like Europe/Amsterdam, UTC or audit"
        )


class Formats(_Strict):
    """How days, instants and amounts are written as text. Of several formats the
    first that fits is taken.
    """

    day: Annotated[tuple[str, ...], _moments()] = ("%Y-%m-%d",)
    instant: Annotated[tuple[str, ...], _moments()] = ("%Y-%m-%d %H:%M:%S",)
    zone: str | None = None  # of these texts, where it is another than the preset's `datetimes`
    amount: Annotated[
        tuple[Amount, ...],
        BeforeValidator(lambda amount: [amount] if isinstance(amount, dict) else amount),
    ] = (Amount(),)

    @model_validator(mode="after")
    def _in_a_zone(self) -> Formats:
        if self.zone is not None:
            _must_be_a_zone("zone", self.zone)
            self.must_be_in(self.zone)
        return self

    def must_be_in(self, zone: str) -> None:
        """ValueError where a format says UTC and the zone is another."""
        if zone != "UTC" and any(re.search("(?<!%)Z$", one) for one in self.instant):
            raise ValueError("zone: a format that ends in Z says UTC")


def _sound_keys(keys: tuple[str, ...]) -> tuple[str, ...]:
    for key in keys:
        if not re.fullmatch(r"[\w -]+", key):
            raise ValueError(
                f"'{key}': a key of JSON consists of letters, digits, blanks, _ and -"
            )
    return keys


Content = (
    Literal["html", "json"]
    | dict[Literal["json"], Annotated[tuple[str, ...], AfterValidator(_sound_keys)]]
)
"""What a column of text holds, where nobody sees all of it."""


def _word(value: object) -> object:
    """YAML takes yes, no, on and off for a flag, and digits for a
    number; a CRM's word is a text.
    """
    if isinstance(value, bool | int | float):
        raise ValueError(
            "write the word in quotes: YAML takes yes, no, on, off and digits for something else"
        )
    return value


Word = Annotated[str, BeforeValidator(_word)]


class Preset(_Strict):
    """What a CRM holds, and where."""

    name: str
    about: WrittenText
    dialects: tuple[str, ...]
    marks: tuple[
        str, ...
    ] = ()  # tables, not read, of which one is there: tells it from the preset that it extends
    # integers of minor units; or decimals, floats by their shortest text
    money: Literal["minor", "decimal"]
    states: dict[str, dict[str, tuple[Word, ...]]]  # entity -> our state -> the CRM's words
    absent: dict[str, WrittenText]  # 'entity.column', or an entity as a whole -> why
    optional: dict[str, tuple[str, ...]] = {}  # a table that may be lacking -> its columns
    custom_key: str | dict[str, str] | None = (
        None  # by which a table of custom fields joins its record; or table -> it
    )
    entities: dict[str, Parts]
    tables: dict[str, str] = {}  # further tables that are read -> a SELECT of `excluded`
    datetimes: str = "UTC"  # the zone of datetimes that name none: one like Europe/Amsterdam, or 'audit' for its own
    formats: Formats | None = None  # where days, instants and amounts are text
    empty: tuple[
        str, ...
    ] = ()  # words that say nothing, like '-' or 'n/a': missing, on every engine
    contents: dict[
        str, Content
    ] = {}  # 'meeting.result' -> html or json, or {json: [keys of values]}
    currencies: dict[
        str, str
    ] = {}  # further signs and words of currencies -> ISO 4217: {$: USD}
    links: dict[
        str, Link
    ] = {}  # entity -> its edit form, where it is another than the part says
    add: dict[
        str, str
    ] = {}  # 'meeting.result' -> 'meetings_cstm.result_c'; also columns that we have no name for
    exports: dict[
        str, dict[str, tuple[str, ...]]
    ] = {}  # table -> its column -> headers, of which a file has the first
    known_by: dict[
        str, tuple[str, ...]
    ] = {}  # table of `exports` -> columns by which a file is known to be it
    held: dict[
        str, tuple[str, ...]
    ] = {}  # table of `exports` -> columns that it had when the audit was set up
    derived: dict[str, str] = {}  # a view over the tables of `exports` -> its SELECT
    custom_columns: str = (
        ""  # how custom fields are called that are columns of the record's own table: 'x_'
    )
    add_result: str = (
        ""  # how a field for a meeting's result is added in this CRM, where none is there
    )
    pages: str = ""  # what source.crm_url looks like, where `link` is relative to it

    @model_validator(mode="after")
    def _speaks_our_words(self) -> Preset:
        for entity in self.entities:
            if entity not in ENTITIES:
                raise ValueError(
                    f"entities.{entity}: no such entity; there are {', '.join(ENTITIES)}"
                )
        for entity, states in self.states.items():
            for state in states:
                if state not in STATES.get(entity, ()):
                    raise ValueError(
                        f"states.{entity}.{state}: no such state; there are {', '.join(STATES.get(entity, ()))}"
                    )
        for name in self.absent:
            entity, _, column = name.partition(".")
            if entity not in ENTITIES or (
                column and name != CONTACT and column not in ENTITIES[entity]
            ):
                raise ValueError(f"absent.{name}: no such entity or column of ours")
        for entity, parts in self.entities.items():
            if any((part.select is None) == (not part.columns) for part in parts):
                raise ValueError(f"entities.{entity}: give either a select or columns")
        if lacking := sorted(
            ENTITIES.keys() - self.entities.keys() - self.absent.keys() - {"co_owner"}
        ):
            raise ValueError(
                f"entities: no {', '.join(lacking)}; give a SELECT, or say under absent why there is none"
            )
        return self

    @model_validator(mode="after")
    def _reads_its_text(self) -> Preset:
        if (self.formats is not None or "files" in self.dialects) and self.money != "decimal":
            raise ValueError(
                "formats: with money: decimal only; integers of minor units have no format"
            )
        for word, code in self.currencies.items():
            if code not in CODES or word != word.strip(WHITE_SPACE) or not word:
                raise ValueError(
                    f"currencies: '{word}': '{code}': a sign or word, and an ISO 4217 code like USD"
                )
        for word in self.empty:
            if not word or word != word.strip(WHITE_SPACE) or re.search(r"[\\\n\x1f]", word):
                raise ValueError(
                    f"empty: '{word}': a word without white space around it and without backslash"
                )
        return self

    @model_validator(mode="after")
    def _knows_the_clock(self) -> Preset:
        _must_be_a_zone("datetimes", self.datetimes)
        if self.formats:
            self.formats.must_be_in(self.text_zone)
        return self

    @property
    def text_zone(self) -> str:
        """The zone of texts that name none, or 'audit' for the audit's own."""
        return (self.formats and self.formats.zone) or self.datetimes

    @model_validator(mode="after")
    def _sees_text(self) -> Preset:
        for name in self.contents:
            entity, _, column = name.partition(".")
            if (
                entity not in ENTITIES
                or not column
                or ENTITIES[entity].get(column, Kind.TEXT) is not Kind.TEXT
            ):
                raise ValueError(
                    f"contents.{name}: no column of text of ours; write it like meeting.result"
                )
        return self

    def key_of(self, entity: str, table: str) -> str | None:
        """The column by which a table joins that entity: of its own tables `id`,
        where no other is named.
        """
        if isinstance(self.custom_key, dict):
            return self.custom_key.get(table)
        return (
            "id"
            if any(part.table == table for part in self.entities.get(entity, ()))
            else self.custom_key
        )

    def place_of(self, theirs: str) -> tuple[str, str]:
        """(table, column) of what `add` names: 'deals_cstm.won_c', or
        'crm.deals_cstm.won_c' of another schema.
        """
        known = {
            part.table for parts in self.entities.values() for part in parts
        } | self.tables.keys()
        known |= self.custom_key.keys() if isinstance(self.custom_key, dict) else set()
        for table in sorted(known, key=len, reverse=True):
            if theirs.startswith(f"{table}."):
                return table, theirs.removeprefix(f"{table}.")
        words = theirs.split(".", 2)
        if len(words) < 3 or "files" in self.dialects:  # a header may hold a dot
            table, _, column = theirs.partition(".")
            return table, column
        return f"{words[0]}.{words[1]}", words[2]

    @model_validator(mode="after")
    def _knows_its_exports(self) -> Preset:
        if (self.exports and self.dialects != ("files",)) or (
            self.derived and not self.exports
        ):
            raise ValueError("exports: with the dialect files only; derived: with exports only")
        if self.exports.keys() != self.known_by.keys():
            raise ValueError("known_by: needs each table of exports, and no other")
        for key, tables in (("known_by", self.known_by), ("held", self.held)):
            for table, columns in tables.items():
                if strange := [
                    name for name in columns if name not in self.exports.get(table, {})
                ]:
                    raise ValueError(f"{key}.{table}: exports has no {', '.join(strange)}")
        return self

    def mapped(self) -> frozenset[str]:
        """'entity.column' of what `columns` name: as the CRM holds it,
        and not made by a SELECT.
        """
        named = [
            (entity, part.columns) for entity, parts in self.entities.items() for part in parts
        ]
        return frozenset(f"{entity}.{ours}" for entity, columns in named for ours in columns)

    def absent_columns(self) -> dict[str, LocalText]:
        """'entity.column' -> why this CRM does not hold it."""
        found = {}
        no_others = in_all("a record has one owner")
        one_owner = {} if "co_owner" in self.entities else {"co_owner": no_others}
        for name, why in {**one_owner, **self.absent}.items():
            entity, _, column = name.partition(".")
            found.update(
                {f"{entity}.{one}": why for one in ([column] if column else ENTITIES[entity])}
            )
        if not _says_whom(found.keys()):
            found.setdefault(CONTACT, in_all("nothing says with whom a meeting was"))
        return found


def _says_whom(absent: Set[str]) -> bool:
    """Whether a meeting can have a contact: an invitee or a parent who is a
    person, or a client who is one.
    """
    persons = not {"contact.id", "lead.id"}.issubset(absent)
    named = not {"meeting_contact.person_id", "meeting.parent_id"}.issubset(absent)
    return (persons and named) or absent.isdisjoint(
        {"meeting.client_id", "client.private_person"}
    )


def preset_names() -> tuple[str, ...]:
    """The presets that come with the program."""
    found = (entry.name for entry in files(__name__).iterdir())
    return tuple(sorted(name.removesuffix(".yaml") for name in found if name.endswith(".yaml")))


@cache
def export_columns() -> frozenset[tuple[str, str]]:
    """(table, column) of what our own presets have under `exports`: one that extends
    them may read less of it.
    """
    found: set[tuple[str, str]] = set()
    for name in preset_names():
        exports = _ours(name).get("exports", {})
        found |= {(table, column) for table, columns in exports.items() for column in columns}
    return frozenset(found)


def load_preset(name: str, base: Path) -> Preset:
    """A preset of ours by its name, or the user's own by its file, relative to `base`.
    Either may extend one of ours.

    ConfigError where there is none, or where it is wrong.
    """
    if not name.endswith((".yaml", ".yml")):
        return _checked(name, _ours(name))
    document = _document(base / name)
    _must_be_confirmed(base / name, document.pop("unconfirmed", None))
    below = document.pop("extends", None)
    if below is not None:
        return _checked(name, _laid_over(_ours(str(below)), document))
    # in a CRM that is wholly the user's own, what is not mapped is absent; what has
    # another shape is told below
    entities, absent = document.get("entities"), document.get("absent", {})
    if not isinstance(entities, dict) or not isinstance(absent, dict):
        return _checked(name, {"states": {}, "absent": {}, **document})
    not_mapped = in_all("not mapped")
    unmapped = dict.fromkeys(ENTITIES.keys() - entities.keys(), not_mapped)
    for entity, parts in entities.items():
        mapped = [_columns_in(part) for part in (parts if isinstance(parts, list) else [parts])]
        # what a SELECT gives, its database says
        if all(columns is not None for columns in mapped):
            missing = ENTITIES.get(entity, {}).keys() - {
                name for columns in mapped for name in columns or ()
            }
            unmapped.update({f"{entity}.{column}": not_mapped for column in missing})
    return _checked(name, {"states": {}, **document, "absent": unmapped | absent})


def _columns_in(part: Any) -> dict[str, Any] | None:
    """The columns that a part maps; None where it does not, as it stands in the file."""
    columns = part.get("columns") if isinstance(part, dict) else None
    return columns if isinstance(columns, dict) else None


def _must_be_confirmed(file: Path, guesses: Any) -> None:
    """What `crm-audit init` guessed of a CRM that it does not know is not used
    before its owner says so.
    """
    if guesses:
        listed = (
            [str(guess) for guess in guesses] if isinstance(guesses, list) else [str(guesses)]
        )
        more = f"\n  … and {len(listed) - 20} more" if len(listed) > 20 else ""
        raise ConfigError(
            f"preset {file}: not confirmed yet, so nothing was read. Compare each line under `unconfirmed` with your "
            "CRM, correct the mapping below where it is wrong, and delete the line:"
            + "".join(f"\n  {guess}" for guess in listed[:20])
            + more
        )


def _ours(name: str) -> dict[str, Any]:
    if name not in preset_names():
        raise ConfigError(
            f"source.preset: there is no preset '{name}'; there are {', '.join(preset_names())}."
        )
    document = dict(yaml.safe_load(files(__name__).joinpath(f"{name}.yaml").read_text("utf-8")))
    below = document.pop("extends", None)
    return document if below is None else _laid_over(_ours(str(below)), document)


def _document(file: Path) -> dict[str, Any]:
    document = read_yaml(file).content
    if not isinstance(document, dict):
        raise ConfigError(f"preset {file}: needs keys such as about, dialects, entities.")
    return document


def _laid_over(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    """A preset's keys on top of what it extends, entity by entity, word by word; one
    without a value takes away.
    """
    merged = dict(below)
    for key, value in above.items():
        old = below.get(key)
        if key in ("states", "exports") and isinstance(value, dict):
            inner = below.get(key, {})
            merged[key] = {
                **inner,
                **{name: _over(inner.get(name), new) for name, new in value.items()},
            }
        else:
            merged[key] = _over(old, value)
    return merged


def _over(below: Any, above: Any) -> Any:
    if not isinstance(above, dict):
        return above
    return {name: one for name, one in {**(below or {}), **above}.items() if one is not None}


def _checked(name: str, document: dict[str, Any]) -> Preset:
    try:
        return Preset.model_validate({**document, "name": name})
    except ValidationError as error:
        messages = [one["msg"].removeprefix("Value error, ") for one in error.errors()]
        places = [".".join(map(str, one["loc"])) for one in error.errors()]
        said = (
            f"{place}: {message}" if place else message
            for place, message in zip(places, messages, strict=True)
        )
        raise ConfigError(f"preset {name}: {'; '.join(said)}") from None
