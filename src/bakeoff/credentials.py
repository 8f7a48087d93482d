"""Passwords and keys in addresses: found, and taken out of what is shown.

Takes texts. Knows nothing about where an address comes from.
"""

import re

HIDDEN = "[hidden]"
NAMES = r"[\w.-]*(?:api[_-]?key|access[_-]?key|token|passw(?:or)?d|secret|credentials?|signature)|sig|pwd"
"""What a key or a password is called in the query of an address."""

_QUERY = re.compile(rf"([?&#;](?:{NAMES})=)([^\s&#;'\"<>]+)", re.IGNORECASE)
_NUMBERS = r"\[[0-9a-fA-F:.]*\](?:[:/?#]|$)"  # the numbers of a host
# A password before the host. What looks like a port belongs to the host, and so does an '@' behind it.
_PASSWORD = re.compile(rf"(//(?!{_NUMBERS})[^\s/@:'\"]{{0,200}}:)(?!\d{{1,5}}(?:[/?#]|$))([^\s'\"]{{0,200}})(@)")
_USER = re.compile(r"(\bhttps?://)([^\s/@:'\"]{1,200})(@)", re.IGNORECASE)
_WITHOUT_SCHEME = re.compile(r"((?<![^\s'\"(=])[^\s/@:'\"]{1,200}:)([^\s/@'\"]{1,200})(@[\w.-]+[:/])")
LONGEST_USER = 20
"""The user of an address that is as long is a token."""


def without_credentials(text: str) -> str:
    """The text without passwords, users and keys in the addresses in it.

    >>> without_credentials("postgresql://ann:s3cret@db/x and https://h/v1?api_key=abc&n=2")
    'postgresql://ann:[hidden]@db/x and https://h/v1?api_key=[hidden]&n=2'
    """
    if "@" in text:
        text = _PASSWORD.sub(rf"\g<1>{HIDDEN}\g<3>", text)
        text = _USER.sub(rf"\g<1>{HIDDEN}\g<3>", text)
        text = _WITHOUT_SCHEME.sub(rf"\g<1>{HIDDEN}\g<3>", text)
    return _QUERY.sub(rf"\g<1>{HIDDEN}", text) if "=" in text else text


def what_is_secret(address: str) -> str:
    """'a password' or 'a key' if an address holds one; empty for other addresses, and for texts of several words."""
    if re.search(r"\s", address.strip()):
        return ""
    user = _USER.search(address)
    if _PASSWORD.search(address) or (_WITHOUT_SCHEME.match(address) and "//" not in address):
        return "a password"
    is_token = user is not None and len(user.group(2)) >= LONGEST_USER
    return "a key" if is_token or ("://" in address and _QUERY.search(address)) else ""
