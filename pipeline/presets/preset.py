"""A preset: one readable YAML file of SELECTs per CRM, mapping its own tables onto our entities."""

from __future__ import annotations

import re
from collections.abc import Set
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, BeforeValidator, model_validator

from pipeline.language.languages import in_all
from pipeline.language.local_texts import WrittenText
from pipeline.model import CHECKED, ENTITIES, LOGS, STATES, Kind, LocalText
from pipeline.presets.formats import Formats, Strict, must_be_a_zone
from pipeline.presets.part import Further, Link, Parts
from pipeline.values.money import CODES
from pipeline.values.white_space import WHITE_SPACE

CONTACT: Final = "meeting.contact"
"""With whom a meeting was; not a column of an entity, but a CRM may lack it."""

MAY_LACK: Final = frozenset({"co_owner", *LOGS})
"""The entities that a preset may leave out without a reason."""


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
"""The contents of a text column with characters that nobody sees."""


def _word(value: object) -> object:
    """Refuses unquoted yes, no, on, off and digits, which YAML does not read as text."""
    if isinstance(value, bool | int | float):
        raise ValueError(
            "write the word in quotes: YAML takes yes, no, on, off and digits for something else"
        )
    return value


Word = Annotated[str, BeforeValidator(_word)]


class Preset(Strict):
    """What a CRM holds, and where."""

    name: str
    about: WrittenText
    dialects: tuple[str, ...]
    # tables that are not read; if one exists, this preset fits and not the one it extends
    marks: tuple[str, ...] = ()
    # integers of minor units, or decimals (floats by their shortest text)
    money: Literal["minor", "decimal"]
    states: dict[str, dict[str, tuple[Word, ...]]]  # entity -> our state -> the CRM's words
    absent: dict[str, WrittenText]  # 'entity.column', or a whole entity -> why
    optional: dict[str, tuple[str, ...]] = {}  # a table that may be missing -> its columns
    # the column that joins a table of custom fields to its record; or table -> column
    custom_key: str | dict[str, str] | None = None
    entities: dict[str, Parts]
    tables: dict[str, str] = {}  # further tables that are read -> a SELECT of `excluded`
    # the zone of datetimes that name none: Europe/Amsterdam, or 'audit' for the audit's own
    datetimes: str = "UTC"
    formats: Formats | None = None  # if days, instants and amounts are text
    # words that mean "empty", like '-' or 'n/a'
    empty: tuple[str, ...] = ()
    # 'meeting.result' -> html or json, or {json: [keys of values]}
    contents: dict[str, Content] = {}
    # further currency signs and words -> ISO 4217: {$: USD}
    currencies: dict[str, str] = {}
    # entity -> its edit form, if it differs from the part's link
    links: dict[str, Link] = {}
    # 'meeting.result' -> 'meetings_cstm.result_c'; also columns without a name of ours
    add: dict[str, str] = {}
    # table -> column -> its possible headers, most usual first
    exports: dict[str, dict[str, tuple[str, ...]]] = {}
    # table of `exports` -> columns that identify its file
    known_by: dict[str, tuple[str, ...]] = {}
    # table of `exports` -> columns that it had when the audit was set up
    held: dict[str, tuple[str, ...]] = {}
    derived: dict[str, str] = {}  # a view over the tables of `exports` -> its SELECT
    # prefix of custom fields that are columns of the record's own table: 'x_'
    custom_columns: str = ""
    further: Further = Further()  # read only if something asks for it
    # entity -> our columns without which the CRM's own form does not save a record
    enforces: dict[str, tuple[str, ...]] = {}
    # how to add a field for a meeting's result in this CRM
    # a call that begins like one of these reached nobody: its own column, else status or subject
    reached_nobody: tuple[Word, ...] = (
        "wrong number",
        "voicemail",
        "no answer",
        "verkeerd nummer",
        "geen gehoor",
    )
    add_result: str = ""
    pages: str = ""  # an example of source.crm_url, if `link` is relative to it

    @model_validator(mode="after")
    def _speaks_our_words(self) -> Preset:
        for entity in self.entities:
            if entity in LOGS:
                raise ValueError(f"entities.{entity}: a log stands under further.logs")
            if entity not in ENTITIES:
                raise ValueError(
                    f"entities.{entity}: no such entity; there are "
                    f"{', '.join(name for name in ENTITIES if name not in LOGS)}"
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
            ENTITIES.keys() - self.entities.keys() - self.absent.keys() - MAY_LACK
        ):
            raise ValueError(
                f"entities: no {', '.join(lacking)}; give a SELECT, or say under absent why there is none"
            )
        return self

    @model_validator(mode="after")
    def _knows_what_is_further(self) -> Preset:
        for log in self.further.logs:
            if log not in LOGS:
                raise ValueError(
                    f"further.logs.{log}: no such log; there are {', '.join(LOGS)}"
                )
        for table in self.further.exports.keys() - self.exports.keys():
            raise ValueError(f"further.exports.{table}: exports has no such table")
        for entity, columns in self.enforces.items():
            known = ENTITIES.get(entity, {})
            for column in columns:
                if column not in known:
                    raise ValueError(
                        f"enforces.{entity}.{column}: no such column of ours"
                        f"; there are {', '.join(known) or 'no columns of that'}"
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
        must_be_a_zone("datetimes", self.datetimes)
        if self.formats:
            self.formats.must_be_in(self.text_zone)
        return self

    @property
    def text_zone(self) -> str:
        """The zone of texts that name none, or 'audit' for the audit's zone."""
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
        """The column that joins a table to that entity; for its own tables `id` by default."""
        if isinstance(self.custom_key, dict):
            return self.custom_key.get(table)
        return (
            "id"
            if any(part.table == table for part in self.entities.get(entity, ()))
            else self.custom_key
        )

    def place_of(self, theirs: str) -> tuple[str, str]:
        """(table, column) of a name in `add`: 'deals_cstm.won_c' or 'crm.deals_cstm.won_c'."""
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
        """'entity.column' of everything under `columns`: taken from the CRM without a SELECT."""
        named = [
            (entity, part.columns) for entity, parts in self.entities.items() for part in parts
        ]
        return frozenset(f"{entity}.{ours}" for entity, columns in named for ours in columns)

    def on_demand(self) -> frozenset[str]:
        """'entity.column' of every further column that this preset gives, and its logs. None of
        exports: nobody has to export what only our code asks for.
        """
        if self.exports:
            return frozenset()
        named = (
            (entity, (*part.further, *part.columns))
            for entity, parts in self.entities.items()
            for part in parts
        )
        columns = {f"{entity}.{name}" for entity, names in named for name in names}
        return frozenset(columns | self.further.logs.keys())

    def logged_owners(self) -> tuple[str, ...]:
        """The kinds of records whose former owners the log of changes tells, where it is read."""
        parts = self.entities.get("change", ())
        return tuple(kind for kind in CHECKED if any(kind in part.kinds for part in parts))

    def _not_read(self) -> dict[str, LocalText]:
        """Optional entities that this preset does not read -> why."""
        no_log = in_all("the preset reads no such log")
        missing = dict.fromkeys(LOGS, no_log)
        missing["co_owner"] = in_all("a record has one owner")
        read = {*self.entities, *self.further.logs}
        return {entity: why for entity, why in missing.items() if entity not in read}

    def absent_columns(self) -> dict[str, LocalText]:
        """'entity.column' -> why this CRM lacks it."""
        reasons = {}
        for name, why in {**self._not_read(), **self.absent}.items():
            entity, _, column = name.partition(".")
            reasons.update(
                {
                    f"{entity}.{missing}": why
                    for missing in ([column] if column else ENTITIES[entity])
                }
            )
        if not _says_whom(reasons.keys()):
            reasons.setdefault(CONTACT, in_all("nothing says with whom a meeting was"))
        return reasons


def _says_whom(absent: Set[str]) -> bool:
    """Whether a meeting can name a person: as invitee, parent, or private client."""
    persons = not {"contact.id", "lead.id"}.issubset(absent)
    named = not {"meeting_contact.person_id", "meeting.parent_id"}.issubset(absent)
    return (persons and named) or absent.isdisjoint(
        {"meeting.client_id", "client.private_person"}
    )
