"""What was erased from a published run, and why: `verify` tells it from what was altered."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final

from pipeline.delivery.signing import Sign, no_signature, replace_signed
from pipeline.errors import ProofError

ERASED: Final = "ERASED.json"
"""The list's name in a run's folder; a run of which nothing was erased has none."""


@dataclass(frozen=True, slots=True)
class Erasure:
    """What was erased at one time."""

    at: str  # the instant, in UTC
    why: str  # 'keep: snapshots 35 days'
    paths: tuple[str, ...]  # relative to the run's folder


@dataclass(frozen=True, slots=True)
class Erased:
    """All that was erased from a run; a path that is `rewritten` is still there, with less in it."""

    erasures: tuple[Erasure, ...] = ()
    rewritten: Mapping[str, str] = field(default_factory=dict)  # path -> its hash since

    @property
    def reasons(self) -> dict[str, str]:
        """Path -> why it was erased."""
        return {path: erasure.why for erasure in self.erasures for path in erasure.paths}


def read_erased(run: Path) -> Erased:
    """What was erased from a run. Raises ProofError if the list cannot be read."""
    file = run / ERASED
    if not file.is_file():
        return Erased()
    try:
        document = json.loads(file.read_text("utf-8"))
        erasures = tuple(
            Erasure(entry["at"], entry["why"], tuple(entry["paths"]))
            for entry in document["erasures"]
        )
        return Erased(erasures, dict(document["rewritten"]))
    except (OSError, ValueError, KeyError, TypeError):
        raise ProofError(
            f"{file} was altered: it is no list that this program wrote. Nothing was compared; take "
            "the run's folder from where it was published."
        ) from None


def note_erasure(
    run: Path,
    now: datetime,
    why: str,
    paths: Iterable[str],
    rewritten: Mapping[str, str],
    sign: Sign = no_signature,
) -> None:
    """Adds to the list, and signs it; before anything is erased, so that a kill leaves nothing unexplained."""
    before = read_erased(run)
    new = Erasure(now.isoformat(timespec="seconds"), why, tuple(sorted(paths)))
    document = {
        "erasures": [
            {"at": erasure.at, "why": erasure.why, "paths": erasure.paths}
            for erasure in (*before.erasures, new)
        ],
        "rewritten": {**before.rewritten, **rewritten},
    }
    replace_signed(run / ERASED, json.dumps(document, indent=1), sign)
