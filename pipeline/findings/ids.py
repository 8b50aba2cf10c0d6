"""The id by which a finding is known from run to run."""

from __future__ import annotations

import re
from base64 import b32encode
from hashlib import sha256
from typing import Final

FINDING_ID: Final = re.compile("[A-Z2-7]{10}")
"""What such an id looks like."""

_LENGTH: Final = 10


def finding_id(audit: str, entity: str, record: str, rule: str) -> str:
    """The first ten characters of base32(SHA-256) of the four texts.

    Before each text stands the length of its UTF-8 in bytes, and a colon: '7:meeting'.
    """
    parts = (text.encode("utf-8", "surrogatepass") for text in (audit, entity, record, rule))
    digest = sha256(b"".join(b"%d:%b" % (len(part), part) for part in parts)).digest()
    return b32encode(digest)[:_LENGTH].decode("ascii")
