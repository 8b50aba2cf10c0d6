"""A seeded CRM of invented meetings, as the files of a snapshot, and the same rows flat for a stock validation.

Whoever writes the dirt knows it: the flat file is made from what was left out here, not by asking our own SQL.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipeline import snapshot
from pipeline.model import ENTITIES
from pipeline.snapshot import typing
from pipeline.snapshot.manifest import Manifest, save_manifest
from pipeline.values.hashes import file_sha256

AS_OF: Final = datetime(2026, 11, 16, 6, 0, tzinfo=UTC)
WORDS: Final = {
    "meeting": {"planned": ("Planned",), "held": ("Held",), "not held": ("Not Held",)}
}
FLAT: Final = "flat.parquet"
SHARES: Final = {"date": 0.05, "subject": 0.07, "contact": 0.06, "result": 0.13}
"""Field -> the share of meetings that miss it, of a manager of average care; some contacts are gone besides."""

_BLANKS: Final = (None, None, None, None, "", "", " ", "   ", "\t", "\r\n", "\u00a0", "\u200b")
_DAY_US: Final = 86_400_000_000
_AS_OF_US: Final = int(AS_OF.timestamp()) * 1_000_000
_TOPICS: Final = (
    "Offer",
    "Renewal",
    "Kick-off",
    "Site visit",
    "Price talks",
    "Quarterly review",
    "Demo",
    "Complaint",
)
_PLACES: Final = (
    "Aurora Foods",
    "Müller & Söhne KG",
    "Øresund Marine",
    "O'Neill Ltd",
    "Café Zürich",
    "日本精工",
)
_OUTCOMES: Final = (
    "They want a second offer by the end of the month, with the longer guarantee",
    "Agreed on the price; the contract goes to their lawyers",
    "No budget before spring. Call again in February",
    "Wants two references from the same trade before it goes to the board",
    "Asked whether the old machines can be traded in",
    "Éva takes it to her board",
    "Nobody came; to be repeated with the head of purchasing",
    "Happy with the delivery. Renewal in spring, same terms",
)
_FIRST: Final = (
    "Anna",
    "Bo",
    "Chloé",
    "Dolores",
    "Emre",
    "Faye",
    "Gül",
    "Hans",
    "Ines",
    "Jürgen",
)
_LAST: Final = (
    "Berg",
    "Lindqvist",
    "Ibárruri",
    "Yıldız",
    "Okafor",
    "Petrov",
    "Sato",
    "Weiß",
    "Nowak",
    "Marsh",
)


@dataclass(frozen=True, slots=True)
class Size:
    """How much is made; the other tables follow the meetings."""

    rows: int
    managers: int
    seed: int


def make(folder: Path, size: Size) -> None:
    """Writes a snapshot with its manifest, and flat.parquet: the same bytes whenever the size is the same."""
    rng = np.random.default_rng(size.seed)
    counts = {
        "client": size.rows // 20 + 1,
        "contact": size.rows // 10 + 1,
        "lead": size.rows // 50 + 1,
    }
    ids = {name: _ids(rng, count) for name, count in {"user": size.managers, **counts}.items()}
    private = rng.random(counts["client"]) < 0.05
    care = rng.uniform(0.3, 1.7, size.managers)
    parts = [
        _meetings(rng, min(snapshot.ROW_GROUP, size.rows - first), ids, private, care)
        for first in range(0, size.rows, snapshot.ROW_GROUP)
    ]
    tables = {
        "user": [_managers(ids["user"])],
        "client": [{**_people(rng, ids["client"], ids), "name": _pick(rng, _PLACES, counts["client"]),
                    "private_person": pa.array(private.astype("int8"))}],
        "contact": [{**_people(rng, ids["contact"], ids), "client_id": _some(rng, ids["client"], counts["contact"])}],
        "lead": [_people(rng, ids["lead"], ids)],
        "meeting": [meeting for meeting, _, _ in parts],
        "meeting_contact": [links for _, links, _ in parts],
    }  # fmt: skip
    stored = tuple(_store(folder, entity, chunks) for entity, chunks in tables.items())
    _write(folder / FLAT, [pa.table(flat) for _, _, flat in parts])
    save_manifest(folder, Manifest(AS_OF, True, "benchmark", 0.0, stored, ()))


# ------------------------------------------------------------------------------------------------ meetings


def _meetings(
    rng: np.random.Generator,
    n: int,
    ids: Mapping[str, pa.Array],
    private: np.ndarray,
    care: np.ndarray,
) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """A row group of meetings, their links to persons, and both as one flat table with blanks as NULL."""
    owner = rng.integers(0, len(care), n)
    missing = {field: rng.random(n) < share * care[owner] for field, share in SHARES.items()}
    start = _AS_OF_US - rng.integers(-14 * 96, 720 * 96, n) * (
        _DAY_US // 96
    )  # quarters of an hour
    status = _status(rng, n, start)
    meeting_id = _ids(rng, n)
    persons, links, has_contact = _persons(rng, meeting_id, ids, private, missing["contact"])
    begun, subject, result = (
        pa.array(start, mask=missing["date"]),
        _subjects(rng, n),
        _results(rng, n),
    )
    instants = {
        "start_at": begun,
        "end_at": pc.add(begun, _DAY_US // 24),
        "created_at": pa.array(start - 3 * _DAY_US),
    }
    meeting = {
        "id": meeting_id,
        "owner_id": _owners(rng, ids["user"], owner),
        "subject": _with_blanks(rng, subject, missing["subject"]),
        "status": status,
        **{
            name: pc.cast(values, pa.timestamp("us", "UTC"))
            for name, values in instants.items()
        },
        "result": _with_blanks(rng, result, missing["result"]),
        **persons,
    }
    flat = {
        "id": meeting_id,
        "owner": meeting["owner_id"],
        "status": status,
        "created_at": meeting["created_at"],
        "date": meeting["start_at"],
        "subject": _without(subject, missing["subject"]),
        "contact": pa.array(np.ones(n, "int8"), mask=~has_contact),
        "result": _without(result, missing["result"]),
    }
    return meeting, links, flat


def _status(rng: np.random.Generator, n: int, start: np.ndarray) -> pa.Array:
    """The past is mostly held, the future planned; a held meeting in the future would not be scored."""
    past = rng.choice(
        ["Held", "Held", "Held", "Held", "Held", "Held", "Not Held", "Planned"], n
    )
    return pa.array(np.where(start < _AS_OF_US, past, "Planned"))


def _persons(
    rng: np.random.Generator, meeting_id: pa.Array, ids: Mapping[str, pa.Array], private: np.ndarray,
    without: np.ndarray,
) -> tuple[dict[str, Any], dict[str, Any], np.ndarray]:  # fmt: skip
    """Whom a meeting was with: its parent and client, its invitees, and whether any of them is a person that exists."""
    n = len(meeting_id)
    how = rng.choice(
        5, n, p=(0.56, 0.2, 0.03, 0.2, 0.01)
    )  # one invitee, two, one who is gone, a parent, a client
    how[without] = rng.choice((2, 5), int(without.sum()))
    client = rng.integers(0, len(private), n)
    by_lead = rng.random(n) < 0.1
    parent_kind = np.where(how == 3, np.where(by_lead, "lead", "contact"), "client")
    client_id = ids["client"].take(pa.array(client))
    parent_id = pc.if_else(pa.array(how == 3), _either(rng, ids, by_lead), client_id)
    has_contact = (how == 0) | (how == 1) | (how == 3) | private[client]
    persons = {
        "parent_kind": pa.array(parent_kind),
        "parent_id": parent_id,
        "client_id": client_id,
    }
    return persons, _links(rng, meeting_id, ids, how), has_contact


def _links(
    rng: np.random.Generator, meeting_id: pa.Array, ids: Mapping[str, pa.Array], how: np.ndarray
) -> dict[str, Any]:
    meeting = np.sort(np.concatenate([np.flatnonzero(how <= 2), np.flatnonzero(how == 1)]))
    by_lead = rng.random(len(meeting)) < 0.1
    gone = pa.array(how[meeting] == 2)
    return {
        "meeting_id": meeting_id.take(pa.array(meeting)),
        "person_kind": pa.array(np.where(by_lead, "lead", "contact")),
        "person_id": pc.if_else(gone, _ids(rng, len(meeting)), _either(rng, ids, by_lead)),
    }


def _either(
    rng: np.random.Generator, ids: Mapping[str, pa.Array], by_lead: np.ndarray
) -> pa.Array:
    n = len(by_lead)
    return pc.if_else(
        pa.array(by_lead), _some(rng, ids["lead"], n), _some(rng, ids["contact"], n)
    )


def _owners(rng: np.random.Generator, managers: pa.Array, owner: np.ndarray) -> pa.Array:
    """One meeting of a hundred is nobody's: without an owner, or of one who is gone."""
    chance = rng.random(len(owner))
    known = pc.if_else(
        pa.array(chance < 0.005),
        pa.scalar("a-user-who-is-gone"),
        managers.take(pa.array(owner)),
    )
    return _without(known, chance > 0.995)


# ------------------------------------------------------------------------------------------------ the other tables


def _managers(ids: pa.Array) -> dict[str, Any]:
    n = len(ids)
    names = [f"{_FIRST[i % 10]} {_LAST[i // 10 % 10]} {i}" for i in range(n)]
    flags = pa.array(np.ones(n, "int8"))
    return {
        "id": ids,
        "name": names,
        "team_id": ["t1"] * n,
        "team": ["Sales"] * n,
        "active": flags,
        "person": flags,
    }


def _people(
    rng: np.random.Generator, ids: pa.Array, all_ids: Mapping[str, pa.Array]
) -> dict[str, Any]:
    n = len(ids)
    number = pc.cast(pa.array(np.arange(n)), pa.string())
    last = _pick(rng, _LAST, n)
    created = pa.array(_AS_OF_US - rng.integers(0, 1_000, n) * _DAY_US)
    filled = {
        "first_name": _pick(rng, _FIRST, n),
        "last_name": last,
        "phone": _joined("+49 30 ", number),
        "email": _joined(last, number, "@crm.example"),
    }
    return {
        "id": ids,
        "owner_id": _some(rng, all_ids["user"], n),
        **{
            name: _with_blanks(rng, texts, rng.random(n) < 0.1)
            for name, texts in filled.items()
        },
        "created_at": pc.cast(created, pa.timestamp("us", "UTC")),
    }


# ------------------------------------------------------------------------------------------------ texts


def _ids(rng: np.random.Generator, n: int) -> pa.Array:
    """Identifiers of 36 characters, as CRMs have them."""
    digits = np.frombuffer(rng.bytes(16 * n).hex().encode(), "uint8").reshape(n, 32)
    text = np.full((n, 36), ord("-"), "uint8")
    text[:, [i for i in range(36) if i not in (8, 13, 18, 23)]] = digits
    offsets = np.arange(0, 36 * n + 1, 36, dtype="int32")
    return pa.StringArray.from_buffers(n, pa.py_buffer(offsets), pa.py_buffer(text))


def _pick(rng: np.random.Generator, texts: tuple[str | None, ...], n: int) -> pa.Array:
    return _some(rng, pa.array(texts, pa.string()), n)


def _some(rng: np.random.Generator, values: pa.Array, n: int) -> pa.Array:
    return values.take(pa.array(rng.integers(0, len(values), n)))


def _subjects(rng: np.random.Generator, n: int) -> pa.Array:
    return _joined(_pick(rng, _TOPICS, n), ", ", _pick(rng, _PLACES, n), " #", _numbers(rng, n))


def _results(rng: np.random.Generator, n: int) -> pa.Array:
    return _joined(_pick(rng, _OUTCOMES, n), "; see note ", _numbers(rng, n))


def _numbers(rng: np.random.Generator, n: int) -> pa.Array:
    return pc.cast(pa.array(rng.integers(1, 1_000_000, n)), pa.string())


def _joined(*parts: pa.Array | str) -> pa.Array:
    return pc.binary_join_element_wise(
        *(pa.scalar(p) if isinstance(p, str) else p for p in parts), ""
    )


def _with_blanks(rng: np.random.Generator, texts: pa.Array, missing: np.ndarray) -> pa.Array:
    return pc.if_else(pa.array(missing), _pick(rng, _BLANKS, len(texts)), texts)


def _without(texts: pa.Array, missing: np.ndarray) -> pa.Array:
    return pc.if_else(pa.array(missing), pa.scalar(None, pa.string()), texts)


# ------------------------------------------------------------------------------------------------ files


def _store(folder: Path, entity: str, chunks: list[dict[str, Any]]) -> snapshot.Stored:
    schema = typing.arrow_schema(ENTITIES[entity], ())
    tables = [_complete(schema, chunk) for chunk in chunks]
    file = folder / f"{entity}.parquet"
    _write(file, tables)
    return snapshot.Stored(
        entity, file.name, sum(t.num_rows for t in tables), file_sha256(file)
    )


def _complete(schema: pa.Schema, chunk: dict[str, Any]) -> pa.Table:
    """With the columns that the chunk does not hold: empty ones, and flags which say that all could be read."""
    n = len(chunk[schema.names[0]])
    nothing = {
        field.name: pa.nulls(n, field.type) if field.nullable else pa.array(np.zeros(n, "int8"))
        for field in schema
    }
    return pa.table({**nothing, **chunk}, schema=schema)


def _write(file: Path, tables: list[pa.Table]) -> None:
    with pq.ParquetWriter(file, tables[0].schema, compression="zstd") as writer:
        for table in tables:
            writer.write_table(table, row_group_size=snapshot.ROW_GROUP)
