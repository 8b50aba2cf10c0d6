"""Every way in which a run can break, each with the exit status that it leaves behind.

Bad data in the CRM is a finding and never one of these. A message names what is
wrong, where, and what to do.
"""

from __future__ import annotations

from pipeline.model import Difference


class AuditError(Exception):
    """A broken run. `str(error)` is one paragraph for the user, free of
    secrets and of clients' data.
    """

    exit_status = 70


class ConfigError(AuditError):
    """The configuration, a field set, a preset or the command line cannot be used."""

    exit_status = 2


class SourceError(AuditError):
    """The CRM could not be read, or changed under the reading."""

    exit_status = 3


class ProofError(AuditError):
    """A figure differs between the source and what was computed or
    published; nothing was published.
    """

    exit_status = 4

    def __init__(self, message: str, differences: tuple[Difference, ...] = ()) -> None:
        super().__init__(message)
        self.differences = differences


class ImplausibleError(AuditError):
    """What was read cannot be so: the mapping fits nothing, or the CRM is
    odd and nobody has said so.
    """

    exit_status = 6


class PublishError(AuditError):
    """The result could not be written."""

    exit_status = 5
