"""Passwords and keys in addresses, and keys of well-known providers: found, and taken out of what is shown.

Takes texts. Knows nothing about where they come from.
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

# Beginnings that no word has: what follows only needs its length.
_SURE = (
    r"(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Za-z0-9])",  # AWS
    r"AIza[\w-]{35}",  # Google
    r"xox[abeoprs]-[A-Za-z0-9-]{10,}",  # Slack
    r"glpat-[\w-]{20,}",  # GitLab
    r"-----BEGIN (?:[A-Z0-9]+ ){0,3}PRIVATE KEY-----[^-]*(?:-----END [A-Z0-9 ]{0,40}-----)?",
)
# Beginnings that names may have too (a folder in Slovak, `sk-`): what follows must look drawn at random.
# OpenAI, Anthropic, DeepSeek, OpenRouter and others; GitHub; Hugging Face.
_PERHAPS = r"(?:sk-|gh[opsru]_|github_pat_|hf_)([\w-]{20,})"
_PROVIDER_KEY = re.compile(rf"(?<![A-Za-z0-9])(?:{'|'.join(_SURE)}|{_PERHAPS})", re.ASCII)
_RUN = re.compile(r"[A-Za-z0-9]{16,}")
_MIXED = re.compile(r"[A-Za-z][0-9]+[A-Za-z]")
LONG_RUN = 32
"""So many letters and digits in a row, with digits or capitals among them, are no word."""


def without_credentials(text: str) -> str:
    """The text without passwords, users and keys in the addresses in it, and without keys of providers.

    >>> without_credentials("postgresql://ann:s3cret@db/x and https://h/v1?api_key=abc&n=2")
    'postgresql://ann:[hidden]@db/x and https://h/v1?api_key=[hidden]&n=2'
    """
    if "@" in text:
        text = _PASSWORD.sub(rf"\g<1>{HIDDEN}\g<3>", text)
        text = _USER.sub(rf"\g<1>{HIDDEN}\g<3>", text)
        text = _WITHOUT_SCHEME.sub(rf"\g<1>{HIDDEN}\g<3>", text)
    text = _PROVIDER_KEY.sub(lambda found: HIDDEN if _is_key(found) else found[0], text)
    return _QUERY.sub(rf"\g<1>{HIDDEN}", text) if "=" in text else text


def holds_provider_key(text: str) -> bool:
    """Whether a text holds what has the form of a well-known provider's key, and can hardly be anything else.

    >>> holds_provider_key("Bearer sk-" + "a1B2" * 8), holds_provider_key("sk-documents-of-2026-in-slovak")
    (True, False)
    """
    return any(_is_key(found) for found in _PROVIDER_KEY.finditer(text))


def _is_key(found: re.Match[str]) -> bool:
    """Whether the beginning is sure, or a part of what follows looks drawn at random: digits between letters, or long
    with digits or capitals in it.
    """
    return found[1] is None or any(
        _MIXED.search(run) or (len(run) >= LONG_RUN and not re.fullmatch("[A-Za-z][a-z]*", run))
        for run in _RUN.findall(found[1])
    )


def what_is_secret(address: str) -> str:
    """'a password' or 'a key' if a text holds one: a provider's key anywhere, the others in an address.

    Empty for other addresses, and for texts of several words without a provider's key.
    """
    if holds_provider_key(address):
        return "a key"
    if re.search(r"\s", address.strip()):
        return ""
    user = _USER.search(address)
    if _PASSWORD.search(address) or (_WITHOUT_SCHEME.match(address) and "//" not in address):
        return "a password"
    is_token = user is not None and len(user.group(2)) >= LONGEST_USER
    return "a key" if is_token or ("://" in address and _QUERY.search(address)) else ""
