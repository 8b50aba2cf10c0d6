"""Hashes of what has no bytes of its own."""

from __future__ import annotations

import hashlib
import json
from typing import Any


def json_sha256(document: Any) -> str:
    """SHA-256 of a document of JSON, in hexadecimal; whatever the order of its keys."""
    return hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()
