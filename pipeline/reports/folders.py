"""The folders of account managers."""

from __future__ import annotations

import re
import unicodedata
from hashlib import sha256

from pipeline.model import Person


def folder_of(person: Person) -> str:
    """A manager's folder: readable, and unique whatever their name holds."""
    plain = unicodedata.normalize("NFKD", person.name).encode("ascii", "ignore").decode()
    readable = re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")[:40]
    return f"{readable or 'manager'}-{sha256(person.id.encode()).hexdigest()[:8]}"
