"""Measures of those whom a company sells to: clients, contacts, leads."""

from __future__ import annotations

from typing import Final

from pipeline.language.marked import marked
from pipeline.measures.common import Undated, every, in_period, in_plan_month
from pipeline.measures.measure import STOCK, counted
from pipeline.model import Verdict

_CREATED: Final = ("created_at",)

CLIENTS: Final = counted(
    "clients", marked("Clients looked after"), of="client", where=every, period=STOCK
)
CLIENTS_NEW: Final = counted(
    "clients_new",
    marked("New clients"),
    of="client",
    needs=_CREATED,
    where=in_period,
    in_month=in_plan_month,
)
CLIENTS_UNDATED: Final = counted(
    "clients_undated",
    marked("Clients without a creation date"),
    of="client",
    needs=_CREATED,
    where=Undated("client"),
    period=STOCK,
    left_out=True,
    finds=Verdict.MISSING,
)
CONTACTS: Final = counted(
    "contacts", marked("Contacts"), of="contact", where=every, period=STOCK
)
CONTACTS_UNDATED: Final = counted(
    "contacts_undated",
    marked("Contacts without a creation date"),
    of="contact",
    needs=_CREATED,
    where=Undated("contact"),
    period=STOCK,
    left_out=True,
    finds=Verdict.MISSING,
)
LEADS: Final = counted("leads", marked("Leads"), of="lead", where=every, period=STOCK)
LEADS_UNDATED: Final = counted(
    "leads_undated",
    marked("Leads without a creation date"),
    of="lead",
    needs=_CREATED,
    where=Undated("lead"),
    period=STOCK,
    left_out=True,
    finds=Verdict.MISSING,
)
