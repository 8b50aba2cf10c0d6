"""A preset: one readable YAML file of SELECTs per CRM, mapping its own tables onto our entities."""

from __future__ import annotations

import re
from collections.abc import Set
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, BeforeValidator, model_validator

from pipeline.language.languages import in_all
from pipeline.language.local_texts import WrittenText
from pipeline.model import ENTITIES, LOGS, STATES, Kind, LocalText
from pipeline.presets.formats import Formats, Strict, must_be_a_zone
from pipeline.presets.part import Further, Link, Parts
from pipeline.values.money import CODES
from pipeline.values.white_space import WHITE_SPACE

CONTACT: Final = "meeting.contact"
"""What a meeting's row or its invitees say: no column of an entity, and yet something
that a CRM may not hold.
"""

MAY_LACK: Final = frozenset({"co_owner", *LOGS})
"""The entities of which a preset need not say why there are none."""


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


class Preset(Strict):
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
    further: Further = Further()  # read only where something asks for it
    enforces: dict[
        str, tuple[str, ...]
    ] = {}  # entity -> our columns without which the CRM's own form does not save a record
    add_result: str = (
        ""  # how a field for a meeting's result is added in this CRM, where none is there
    )
    pages: str = ""  # what source.crm_url looks like, where `link` is relative to it

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

    def _not_read(self) -> dict[str, LocalText]:
        """The entities that a preset need not have and this one has not -> why."""
        no_log = in_all("the preset reads no such log")
        missing = dict.fromkeys(LOGS, no_log)
        missing["co_owner"] = in_all("a record has one owner")
        read = {*self.entities, *self.further.logs}
        return {entity: why for entity, why in missing.items() if entity not in read}

    def absent_columns(self) -> dict[str, LocalText]:
        """'entity.column' -> why this CRM does not hold it."""
        found = {}
        for name, why in {**self._not_read(), **self.absent}.items():
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
