"""How people name the tables, columns and states of a CRM, in English and Dutch."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

TABLES: Final[Mapping[str, str]] = {
    "meeting_contact": r"(afspra\w*|meeting\w*|appointment\w*|bezoek\w*) ?(contact|person|deelnemer|invitee)\w*"
    r"|deelnemer|genodigde|invitee|attendee",
    "user": r"medewerker|verkoper|gebruiker|werknemer|user|employee|sales ?(person|people|rep)"
    r"|account ?manager|staff",
    "client": r"klant|relatie|client|customer|compan|account$|accounts$|bedrij|organi[sz]|afnemer|debiteur",
    "contact": r"contact|person|persoon",
    "lead": r"lead|prospect",
    "call": r"telefoon|belletje|bel ?actie|phone ?call|call",
    "meeting": r"afspra|meeting|appointment|bezoek|visit|vergader|besprek|gesprek",
    "deal": r"offerte|deal|opportunit|verkoop ?kans|kans|quote|pipeline",
}
"""Entity -> how its table may be called, of words in the singular or the plural; the
first that fits is taken.
"""

_PERSON: Final = {
    "first_name": r"voornaam|first ?name|given ?name|roepnaam",
    "last_name": r"achternaam|last ?name|surname|family ?name|familienaam",
    "phone": r"tel|telefoon\w*|phone\w*|mobiel\w*|mobile\w*|gsm|cell\w*|handy|06|tel ?(nr|nummer|mobiel|vast|werk)"
    r"|(werk|prive|zakelijk|vast|direct|mobiel|mobile|work|home|office) ?(tel\w*|phone\w*|nummer|number)"
    r"|phone ?(work|home|office|mobile|other|direct)",
    "email": r"e ?mail\w*|mail|(e ?)?mail ?(adres|address|work|home|werk|prive)\w*",
}
_OWNER: Final = (
    r"(medewerker|verkoper|eigenaar|owner|user|gebruiker|assigned|account ?manager|behandelaar|beheerder|sales ?rep"
    r"|verantwoordelijke|responsible|toegewezen|vertegenwoordiger|adviseur|seller)\w*"
)
_CLIENT: Final = r"(klant|relatie|client|customer|company|account|bedrijf|organi[sz])\w*"
_CONTACT: Final = r"(contact|person|persoon)\w*"
_DATE: Final = r"(date|datum|day|dag|time|tijd)"
_MADE: Final = (
    r"aangemaakt|created|creation|invoer|ingevoerd|toegevoegd|sinds|aanmaak|gemaakt|entered|added|since"
    rf"|{_DATE} ?(entered|created|added|creation|aangemaakt|aanmaak|invoer|ingevoerd|toegevoegd)"
)
_CLOSED: Final = (
    r"(sluit|afsluit|gesloten|afgesloten|close|closing|besluit|beslis|decision|expected|verwacht|gewonnen|won$|won on"
    r"|signed|getekend|ondertekend)\w*"
    rf"|{_DATE} ?(closed?|closing|won|signed|expected|sluiting|gesloten|afgesloten|afsluiting|gewonnen|getekend)"
    rf"|{_DATE} ?verwacht"
)
_EVENT: Final = {
    "owner_id": _OWNER,
    "client_id": _CLIENT,
    "contact_id": _CONTACT,
    "subject": r"onderwerp|subject|titel|title|omschrijving|naam|name",
    "status": r"status|stand|staat|state",
    "start_at": r"(begin|start|aanvang|van$|datum|date|tijdstip|wanneer|gepland|planned)\w*"
    rf"|{_DATE} ?(start|begin|aanvang|from|van)",
    "end_at": rf"(eind|end|tot$|until)\w*|{_DATE} ?(end|eind|einde|until|tot)",
    "created_at": _MADE,
}
COLUMNS: Final[Mapping[str, Mapping[str, str]]] = {
    "user": {
        "first_name": _PERSON["first_name"],
        "last_name": _PERSON["last_name"],
        "name": r"naam|name|volledige naam|full ?name",
        "team": r"team|ploeg|afdeling|department|groep|vestiging",
        "active": r"actief|active|enabled|in ?dienst",
    },
    "client": {
        "owner_id": _OWNER,
        "name": r"naam|name|bedrijfs ?naam|company ?name|klant ?naam",
        "phone": _PERSON["phone"],
        "email": _PERSON["email"],
        "created_at": _MADE,
    },
    "contact": {"owner_id": _OWNER, "client_id": _CLIENT, **_PERSON, "created_at": _MADE},
    "lead": {"owner_id": _OWNER, **_PERSON, "created_at": _MADE},
    "meeting": _EVENT,
    "call": {**_EVENT, "direction": r"richting|direction|in ?out|inbound"},
    "deal": {
        "owner_id": _OWNER,
        "client_id": _CLIENT,
        "name": r"naam|name|titel|title|omschrijving|onderwerp|subject",
        "stage": r"(sales|verkoop|deal)? ?(fase|stage|status|stadium)",
        "amount": r"bedrag|amount|waarde|value|prijs|price|totaal|total|omzet"
        r"|(deal|order|offerte|verkoop) ?(bedrag|waarde|amount|value)|revenue|opbrengst",
        "currency": r"valuta|currency|munt\w*",
        "close_day": _CLOSED,
        "created_at": _MADE,
    },
    "meeting_contact": {
        "meeting_id": r"(afspra|meeting|appointment|bezoek|gesprek)\w*",
        "person_id": _CONTACT,
    },
}
"""Entity -> our column -> how it may be called. The key is found by itself; a
meeting's result is asked for.
"""

FITS: Final[Mapping[str, tuple[str, ...]]] = {
    "owner_id": ("id",),
    "client_id": ("id",),
    "contact_id": ("id",),
    "meeting_id": ("id",),
    "person_id": ("id",),
    "phone": ("phone", "text", "number"),
    "email": ("email",),
    "active": ("flag",),
    "start_at": ("instant", "day"),
    "end_at": ("instant", "day"),
    "created_at": ("instant", "day"),
    "close_day": ("day", "instant"),
    "amount": ("number",),
    "status": ("word",),
    "stage": ("word",),
    "currency": ("word",),
    "direction": ("word", "flag"),
    "team": ("word", "text", "number", "flag"),
}
"""Our column -> the contents that can stand in it; all others are text."""

LEADS_TO: Final[Mapping[str, str]] = {
    "owner_id": "user",
    "client_id": "client",
    "contact_id": "contact",
    "meeting_id": "meeting",
    "person_id": "contact",
}

EMPTY: Final = frozenset(
    (
        "-",
        "--",
        "---",
        "\u2013",
        "\u2014",
        ".",
        "..",
        "...",
        "?",
        "??",
        "???",
        "_",
        "n/a",
        "#n/a",
        "#n/b",
        "n.a.",
        "n.a",
        "n.v.t.",
        "n.v.t",
        "nvt",
        "nvt.",
        "onbekend",
        "unknown",
        "null",
        "(null)",
        "leeg",
        "(leeg)",
        "blank",
        "(blank)",
        "(empty)",
        "(none)",
        "n.n.b.",
        "n.n.b",
        "nnb",
        "tbd",
    )
)
"""Words, in small letters, that seem to say that nothing was entered."""

DELETED: Final = re.compile(r"(is )?(verwijderd|deleted|gewist|weg)")

_ON: Final = r"(op|at|on|datum|date|time|tijd)"
DELETED_ON: Final = re.compile(
    rf"(verwijderd|deleted|gewist) {_ON}|(datum|date) (verwijderd|deleted)|deletion date"
)
"""The date on which a row was deleted, or nothing."""

STATE_WORDS: Final[Mapping[str, Mapping[str, str]]] = {
    "event": {
        "not held": r"geannul|cancel|afgezegd|afgelast|niet|not|no.?show|vervallen|verzet",
        "held": r"gehouden|geweest|held|done|complet|voltooid|afgerond|uitgevoerd|gedaan|gevoerd|bezocht",
        "planned": r"gepland|plan|open|nieuw|schedul|to.?do|komt",
    },
    "deal": {
        "lost": r"verlor|lost|afgewezen|reject|verlopen|ingetrokken|afgevallen|niet",
        "won": r"gewonnen|won|akkoord|getekend|geaccepteerd|accept|opdracht|order",
        "open": r"open|nieuw|new|lopend|offerte|onderhandel|voorstel|propos|negotiat|qualif|prospect"
        r"|wacht|verstuurd|uitgebracht",
    },
}
"""How a word of the CRM shows its state; the first that fits is taken."""
