"""What counts as white space: definitions, *Missing*."""

from typing import Final

_RANGES: Final = (
    (0x09, 0x0D),
    (0x1C, 0x20),
    (0x85, 0x85),
    (0xA0, 0xA0),
    (0x1680, 0x1680),
    (0x180E, 0x180E),
    (0x2000, 0x200F),
    (0x2028, 0x2029),
    (0x202F, 0x202F),
    (0x205F, 0x2060),
    (0x3000, 0x3000),
    (0xFEFF, 0xFEFF),
)

WHITE_SPACE: Final = "".join(
    chr(point) for low, high in _RANGES for point in range(low, high + 1)
)
"""The 37 code points."""

WHITE_SPACE_CLASS: Final = "".join(f"\\x{{{low:X}}}-\\x{{{high:X}}}" for low, high in _RANGES)
"""The same for a regular expression's brackets, in RE2 and PCRE."""
