"""Every way in which a run can fail, each with its exit status.

Bad data in the CRM is a finding and never one of these. A message names what is wrong, where,
and what to do.
"""

from __future__ import annotations

from pipeline.model import Difference


class AuditError(Exception):
    """A failed run. `str(error)` is one paragraph for the user, free of secrets and personal
    data.
    """

    exit_status = 70


class ConfigError(AuditError):
    """The configuration, a field set, a preset or the command line cannot be used."""

    exit_status = 2


class SourceError(AuditError):
    """The CRM could not be read, or changed while it was read."""

    exit_status = 3


class ProofError(AuditError):
    """A figure differs between the source and what was computed; nothing was published."""

    exit_status = 4

    def __init__(self, message: str, differences: tuple[Difference, ...] = ()) -> None:
        super().__init__(message)
        self.differences = differences


class ImplausibleError(AuditError):
    """The counts are implausible: the mapping is wrong, or an odd CRM needs `accept`."""

    exit_status = 6


class PublishError(AuditError):
    """The result could not be written."""

    exit_status = 5
