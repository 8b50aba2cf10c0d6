"""The witness: the answers of the CRM's own database, kept so a rerun can prove itself again."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from pipeline.findings.stored import write_failing
from pipeline.model import Answers, Fingerprint, Person, Scope, Tally

WITNESS_FAILING: Final = "witness_failing.parquet"


@dataclass(frozen=True, slots=True)
class Witness:
    """The source's answers, its users, and the results of the analyst's SELECTs."""

    answers: Answers
    people: tuple[Person, ...]
    controls: tuple[tuple[str, str], ...] = ()  # (figure, the number as text)
    fingerprints: tuple[Fingerprint, ...] = ()


def save_witness(folder: Path, witness: Witness) -> None:
    """Writes tallies and users as JSON, which has unbounded integers, and failing records
    as Parquet, because they may be many.
    """
    document = {
        "tallies": [asdict(tally) for tally in witness.answers.tallies],
        "people": [asdict(person) for person in witness.people],
        "controls": [list(control) for control in witness.controls],
        "fingerprints": [list(fingerprint) for fingerprint in witness.fingerprints],
    }
    (folder / "witness.json").write_text(json.dumps(document, ensure_ascii=False), "utf-8")
    write_failing(folder / WITNESS_FAILING, witness.answers.failing)


def load_witness(folder: Path) -> Witness:
    """The witness of a snapshot; its failing records stay in their file."""
    document = json.loads((folder / "witness.json").read_text("utf-8"))
    people = (
        Person(**{**person, "scope": Scope(person["scope"])}) for person in document["people"]
    )
    tallies = tuple(Tally(**tally) for tally in document["tallies"])
    controls = tuple((str(figure), str(value)) for figure, value in document["controls"])
    fingerprints = tuple(Fingerprint(*fingerprint) for fingerprint in document["fingerprints"])
    return Witness(Answers(tallies, ()), tuple(people), controls, fingerprints)
