"""The witness: what the CRM's own database said inside the transaction, kept so that a rerun can prove itself again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from sys import intern
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.model import Answers, Failing, Fingerprint, Person, Scope, Tally
from pipeline.score import failing_tallies

WITNESS_FAILING: Final = "witness_failing.parquet"

_FAILING = pa.schema(
    [
        pa.field("entity", pa.string()),
        pa.field("record_id", pa.string()),
        pa.field("owner", pa.string()),
        pa.field("mask", pa.string()),  # in hexadecimal: a set may have more fields than an integer has bits
        pa.field("in_period", pa.bool_()),
        pa.field("again", pa.bool_()),
        pa.field("at_us", pa.int64()),
    ]
)


@dataclass(frozen=True, slots=True)
class Witness:
    """The source's own answers, the users that it knows, and what the analyst's own SELECTs say."""

    answers: Answers
    people: tuple[Person, ...]
    controls: tuple[tuple[str, str], ...] = ()  # (figure, the number as text)
    fingerprints: tuple[Fingerprint, ...] = ()


def save_witness(folder: Path, witness: Witness) -> None:
    """Tallies and users as JSON, whose integers have no bound; failing records, which may be many, as Parquet."""
    document = {
        "tallies": [asdict(tally) for tally in witness.answers.tallies],
        "people": [asdict(person) for person in witness.people],
        "controls": [list(control) for control in witness.controls],
        "fingerprints": [list(one) for one in witness.fingerprints],
    }
    (folder / "witness.json").write_text(json.dumps(document, ensure_ascii=False), "utf-8")
    write_failing(folder / WITNESS_FAILING, witness.answers.failing)


def load_witness(folder: Path) -> Witness:
    """The witness of a snapshot. Its failing records stay in their file; what they come to is among the tallies."""
    document = json.loads((folder / "witness.json").read_text("utf-8"))
    people = (Person(**{**person, "scope": Scope(person["scope"])}) for person in document["people"])
    tallies = (*(Tally(**tally) for tally in document["tallies"]), *tallies_of_failing(folder / WITNESS_FAILING))
    controls = tuple((str(figure), str(value)) for figure, value in document["controls"])
    fingerprints = tuple(Fingerprint(*one) for one in document["fingerprints"])
    return Witness(Answers(tallies, ()), tuple(people), controls, fingerprints)


def tallies_of_failing(file: Path) -> list[Tally]:
    """How many records of a file fail, per owner and kind."""
    keys = ["owner", "entity", "in_period", "again"]
    counted = pq.read_table(file, columns=keys).group_by(keys).aggregate([([], "count_all")]).to_pylist()
    return list(failing_tallies({tuple(row[key] for key in keys): row["count_all"] for row in counted}))


def write_failing(file: Path, failing: tuple[Failing, ...]) -> None:
    """Failing records as Parquet."""
    columns: dict[str, list[object]] = {
        name: [getattr(record, name) for record in failing] for name in _FAILING.names if name != "mask"
    }
    columns["mask"] = [f"{record.mask:x}" for record in failing]
    pq.write_table(pa.table(columns, schema=_FAILING), file, compression="zstd")


def read_failing(file: Path) -> Iterator[Failing]:
    """The failing records of such a file."""
    for batch in pq.ParquetFile(file).iter_batches():
        for entity, record, owner, mask, *more in zip(*map(pa.Array.to_pylist, batch.columns), strict=True):
            yield Failing(intern(entity), record, intern(owner), int(mask, 16), *more)  # one text of all of a kind
