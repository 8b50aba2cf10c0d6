"""The users of a CRM, and whom a figure is about."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Scope(StrEnum):
    """Whom a figure is about. manager + inactive + unassigned + operator - counted twice =
    company.
    """

    MANAGER = "manager"
    INACTIVE = "inactive"
    UNASSIGNED = "unassigned"
    OPERATOR = "operator"  # what sales support owes: one pool, of no team
    # records of several owners, once for each owner but the first; and those that miss something
    # of their owner and something of sales support
    DOUBLE_COUNTED = "double_counted"
    TEAM = "team"
    GROUP = "group"  # what management sees with `audience: own`: see measures/groups.py
    COMPANY = "company"


@dataclass(frozen=True, slots=True)
class Person:
    """A user of the CRM, as the audit sees them."""

    id: str
    name: str
    team_id: str  # '' = no team
    team: str
    scope: Scope  # MANAGER or INACTIVE
    leader_id: str = ""  # whom they report to, where that makes the teams
    email: str = ""  # read only where users report to a leader
