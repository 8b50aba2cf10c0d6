"""Values as people type them into a CRM, each labelled by what it means.

The labels were written before the detector saw a value, and none was changed afterwards: what
the detector gets wrong stays here, and the test prints it.
"""

from __future__ import annotations

from typing import Final

FILLERS: Final = {
    "text": (
        "test", "Test", "TEST ", "test test", "test123", "testtest", "n/a", "N/A", "n.a.",
        "nvt", "n.v.t.", "NVT", "onbekend", "Onbekend.", "unknown", "not known", "xxx", "XXXX",
        "x", "xx", "-", "--", "---", ".", "...", "?", "???", "geen", "None", "tbd", "TBD",
        "t.b.d.", "tba", "nader te bepalen", "ntb", "asdf", "asdfgh", "qwerty", "abcde",
        "12345", "aaaa", "00000", "dummy", "niet bekend", "todo", "vul later in", "volgt",
        "bla bla", "*****", "_",
    ),
    "phone": (
        "0123456789", "01 23 45 67 89", "12345", "123456789", "1234567890", "0612345678",
        "06-12345678", "0000000000", "000-0000000", "1111111111", "999999999", "0600000000",
        "geen", "onbekend", "x", "n.v.t.", "0",
    ),
    "email": (
        "test@test.nl", "test@test.com", "Test@Test.nl", "a@a.nl", "a@a.com", "aaa@aaa.nl",
        "x@x.nl", "xxx@xxx.com", "nobody@example.com", "test@example.com", "geen@geen.nl",
        "onbekend@onbekend.nl", "nvt@nvt.nl", "noemail@noemail.com", "noemail@gmail.com",
        "geen", "n/a", "-", "asdf@asdf.com",
    ),
    "person": (
        ("Test", "Test"), ("test", "TEST"), ("Onbekend", "Onbekend"), ("Unknown", "Unknown"),
        ("X", "X"), ("Xx", "Xx"), ("xxx", "xxx"), ("N.", "N."), ("-", "-"), ("?", "?"),
        ("asdf", "asdf"), ("John", "Doe"), ("Dummy", "Test"), ("Aaa", "Bbb"),
    ),
}  # fmt: skip
"""100 values that say nothing: somebody had to fill in something."""

REAL: Final = {
    "text": (
        "Test drive with client", "Testament bespreken", "Testo Industries", "Xerox", "XXL",
        "ABC Logistics", "AAA", "ABN", "3M", "ING", "Q8", "O2", "HP", "X5 Retail Group", "EY",
        "Null & Van der Berg", "Onbekend Talent", "Unknown Pleasures Records", "Dummy's Bar",
        "Geen interesse", "Geen gehoor, volgende week terugbellen", "None of the above agreed",
        "N.V. Twentsche Kabel", "TBWA", "Qwant", "Asda", "1234 Media", "Ok", "Ja", "No",
        "Kerkstraat 1", "Xantenplein 4", "Nullweg 5", "Ee", "Y", "As", "Teststraat 12",
        "Nader afgestemd", "2026", "Volgt offerte",
    ),
    "phone": (
        "+31 20 555 0100", "020-5550100", "0031 6 2468 1357", "06 24681357", "+32 2 555 12 12",
        "+49 30 901820", "0800-1234", "14 020", "0900 9292", "+1 212 555 0123", "112",
        "+44 20 7946 0958", "06 22 22 33 33", "0598 765 432", "088 888 8000", "1850",
        "010-4567890", "06-87654321 (alleen 's middags)", "+33 1 23 45 67 89", "456 7890",
    ),
    "email": (
        "info@bakkerijjansen.nl", "info@test.de", "test@philips.com", "nobody@uu.nl", "x@kpn.nl",
        "noreply@postnl.nl", "a.ng@ing.nl", "o@null.nl", "qi@true.nl", "abc@abc-logistics.be",
        "xander@xs4all.nl", "jan@geensma.nl", "123@qq.com", "aa@aalberts.nl", "me@me.com",
        "x.y@onbekendtalent.nl", "none@nonesuch.com", "na@li.cn", "test.drive@bmw.nl",
        "contact@aaa.com",
    ),
    "person": (
        ("Test", "Jansen"), ("Jan", "Test"), ("Xander", "Ng"), ("Kim", "O"), ("Malcolm", "X"),
        ("Christopher", "Null"), ("Qi", "True"), ("Na", "Li"), ("Li", "Na"), ("Bo", "An"),
        ("Ng", "Ng"), ("Xx", "de Vries"), ("Dummy", "Bakker"), ("A", "Geen"), ("Ali", "None"),
        ("Jo", "Jo"), ("U", "Nu"), ("Abc", "Demir"), ("O", "Brien"), ("Eve", "Unknown"),
    ),
}  # fmt: skip
"""100 values that name something, however odd they look."""
