"""Time zones that stand after a time of day.

Takes times in minutes with the zones' names. Knows nothing about dates: summer time counts only if its name is given.
"""

import re
from fractions import Fraction

_OFFSETS = {
    "UTC": 0, "GMT": 0, "Z": 0, "WET": 0, "WEST": 1, "BST": 1, "CET": 1, "CEST": 2, "EET": 2, "EEST": 3, "MSK": 3,
    "SGT": 8, "HKT": 8, "JST": 9, "KST": 9, "AEST": 10, "AEDT": 11, "NZST": 12, "NZDT": 13,
    "EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7,
}  # fmt: skip
# Zones whose offset depends on the season, or that name several zones. They equal only themselves.
_OTHERS = ("ET", "CT", "MT", "PT", "IST")
ZONE_PATTERN = (
    r"(?: ?(?P<zone{0}>(?-i:(?:UTC|GMT) ?[-+] ?\d{{1,2}}(?::\d\d)?|"
    + "|".join(sorted([*_OFFSETS, *_OTHERS], key=len, reverse=True))
    + r"))(?![\w+-]))?"
)
_GENERAL = {"EST": "ET", "EDT": "ET", "CST": "CT", "CDT": "CT", "MST": "MT", "MDT": "MT", "PST": "PT", "PDT": "PT"}


def same_time(minutes: Fraction | None, zone: str, other_minutes: Fraction | None, other_zone: str) -> bool:
    """Whether two times of day are the same moment. A time without a zone is in the zone of the other one."""
    if minutes is None or other_minutes is None:
        return False
    offset, other_offset = _offset(zone), _offset(other_zone)
    if offset is not None and other_offset is not None:
        return (minutes - other_minutes - 60 * (offset - other_offset)) % 1440 == 0
    if zone and other_zone and _GENERAL.get(zone, zone) != _GENERAL.get(other_zone, other_zone):
        return False
    return minutes == other_minutes


def _offset(zone: str) -> Fraction | None:
    """The hours before UTC of a named zone or of 'UTC+5:30', None if they depend on the season."""
    numbered = re.fullmatch(r"(?:UTC|GMT) ?([-+]) ?(\d{1,2})(?::(\d\d))?", zone)
    if numbered:
        hours = Fraction(int(numbered[2])) + Fraction(int(numbered[3] or 0), 60)
        return -hours if numbered[1] == "-" else hours
    return Fraction(_OFFSETS[zone]) if zone in _OFFSETS else None
