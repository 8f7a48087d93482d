"""Addresses of the pages of documents, signed where keys are needed: a link in a browser cannot carry a key.

A signed link opens the page of one version of one document, to read it, for everybody who has the link. It works as
long as the key exists that it was made for, and that key may see the document. It is signed with the stored hash of
this key, so a link tells nothing about the key. Knows nothing about routes.
"""

from urllib.parse import parse_qsl, quote, urlencode

from bakeoff.serve.guard.asgi import Scope
from bakeoff.serve.keys import Holder, KeyFile

PAGES = "/documents/"
KEY_NAME, SIGNATURE = "for", "signature"


class Links:
    """Makes links. `base` is the server's address, empty for links within a page of it.

    With `keys`, links are signed for the key named `name`.
    """

    def __init__(self, base: str = "", keys: KeyFile | None = None, name: str = "") -> None:
        self._base = base
        self._keys = keys
        self._name = name

    def passage(self, document_id: str, start: int, end: int, version: int | None) -> str:
        """The address of a document as it was at a version, characters start..end marked; without one, as it is now.

        >>> Links("http://127.0.0.1:8000").passage("a/b", 4, 7, 3)
        'http://127.0.0.1:8000/documents/a%2Fb?version=3&start=4&end=7#span'
        """
        place = {"start": start, "end": end} if version is None else {"version": version, "start": start, "end": end}
        fields = {**place, **self._signed(document_id, version)}
        return f"{self._base}{PAGES}{quote(document_id, safe='')}?{urlencode(fields)}#span"

    def _signed(self, document_id: str, version: int | None) -> dict[str, str]:
        shown = "" if version is None else str(version)
        signature = self._keys and self._keys.sign(self._name, _what(document_id, shown))
        return {KEY_NAME: self._name, SIGNATURE: signature} if signature else {}


def is_signed(scope: Scope) -> bool:
    """Whether a request claims to follow a signed link."""
    return bool(_fields(scope).get(SIGNATURE))


def holder_by_link(scope: Scope, keys: KeyFile) -> Holder | None:
    """Whose signed link a request follows. None if it follows none, or one that is not valid."""
    path, fields = str(scope["path"]), _fields(scope)
    if scope["method"] not in ("GET", "HEAD") or not path.startswith(PAGES) or SIGNATURE not in fields:
        return None
    what = _what(path.removeprefix(PAGES), fields.get("version", ""))
    return keys.signer(fields.get(KEY_NAME, ""), what, fields[SIGNATURE])


def _what(document_id: str, version: str) -> str:
    """What a link allows to read, as one text. A version has no line breaks."""
    return f"{version}\n{document_id}"


def _fields(scope: Scope) -> dict[str, str]:
    """The query, the last value of each name, as the routes read it."""
    return dict(parse_qsl(scope.get("query_string", b"").decode("latin-1"), keep_blank_values=True))
