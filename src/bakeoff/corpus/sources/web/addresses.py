"""Addresses of pages in one spelling, and which of them belong to the site.

Takes texts, gives texts. Resolves no name.
"""

import posixpath
import re
from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import NamedTuple
from urllib.parse import parse_qsl, quote, unquote, urljoin, urlsplit, urlunsplit

_TRACKING = re.compile(
    r"(utm_\w+|gclid|gclsrc|dclid|fbclid|msclkid|yclid|twclid|igshid|mc_[ce]id|_ga|_gl|_hs\w+|hsctatracking|mkt_tok|"
    r"oly_\w+_id|vero_\w+|wickedid|ref_src|phpsessid|jsessionid|sessionid|sid)",
    re.IGNORECASE,
)
_SESSION = re.compile(r";(jsessionid|phpsessid|sid)=[^/?]*", re.IGNORECASE)
_PORTS = {"http": 80, "https": 443}
_PATH_SAFE = "/:@!$&'()*+,;=-._~"
_LONGEST = 2000
_REPEATS = 3
_NEVER_READ_NAMES = """
    .png .jpg .jpeg .gif .svg .webp .avif .ico .bmp .tif .tiff .css .js .mjs .map .woff .woff2 .ttf .otf .eot .mp3 .mp4
    .webm .ogg .wav .avi .mov .mkv .zip .gz .tgz .tar .bz2 .xz .7z .rar .exe .msi .dmg .deb .rpm .apk .iso .jar .whl
    .bin .rss .atom
"""
NEVER_READ = frozenset(_NEVER_READ_NAMES.split())
"""Endings of links that lead to no document."""


def normal(address: str, base: str = "") -> str:
    """The address of a page in one spelling, without fragment and tracking. Empty if it is none of http or https.

    >>> normal("../B/./c%7e?utm_source=x&id=3#top", "HTTPS://Docs.Example.com:443/a/x/")
    'https://docs.example.com/a/B/c~?id=3'
    """
    try:
        parts = urlsplit(urljoin(base, address.strip()))
        host, port = (parts.hostname or "").rstrip(".").lower(), parts.port
        host = host if host.isascii() else host.encode("idna").decode()
    except (ValueError, UnicodeError):
        return ""
    scheme = parts.scheme.lower()
    if scheme not in _PORTS or not host or parts.username or parts.password or len(address) > _LONGEST:
        return ""
    netloc = f"[{host}]" if ":" in host else host
    if port not in (None, _PORTS[scheme]):
        netloc += f":{port}"
    return urlunsplit((scheme, netloc, _path(parts.path), _query(parts.query), ""))


def _path(path: str) -> str:
    path = _SESSION.sub("", path)
    is_folder = path.endswith(("/", "/.", "/.."))
    pieces = [quote(unquote(piece, errors="surrogateescape"), safe=_PATH_SAFE[1:], errors="surrogateescape")
              if "%2f" not in piece.lower() else piece for piece in path.split("/")]  # fmt: skip
    whole = posixpath.normpath("/" + "/".join(pieces)).replace("//", "/")
    return whole + "/" if is_folder and whole != "/" else whole


def _query(query: str) -> str:
    kept = [part for part in query.split("&") if part and not _TRACKING.fullmatch(unquote(part.partition("=")[0]))]
    return "&".join(kept)


class Site(NamedTuple):
    """The pages below an address: scheme, host with port, the path that they begin with, and what is left out."""

    scheme: str
    netloc: str
    path: str
    exclude: tuple[str, ...] = ()

    def page(self, address: str, base: str = "") -> str:
        """The normal address of a page of this site. Empty for any other, and for what cannot be a document."""
        url = self.own(normal(address, base))
        parts = urlsplit(url)
        if not url or not self.is_below(parts.path):
            return ""
        whole = parts.path + (f"?{parts.query}" if parts.query else "")
        if any(fnmatchcase(whole, pattern) for pattern in self.exclude) or _goes_round(parts.path):
            return ""
        return "" if posixpath.splitext(parts.path)[1].lower() in NEVER_READ else url

    def own(self, url: str) -> str:
        """The address, if it is of this host; http and https of the usual ports are one. Empty otherwise."""
        parts = urlsplit(url)
        if parts.netloc != self.netloc:
            return ""
        if parts.scheme != self.scheme and ":" in parts.netloc.rpartition("]")[2]:
            return ""
        return urlunsplit((self.scheme, *parts[1:]))

    def is_below(self, path: str) -> bool:
        return path.startswith(self.path) or path == self.path.rstrip("/")


def site_of(address: str, exclude: Sequence[str] = ()) -> Site:
    """The site below an address: below its folder if it names a file, such as /docs/index.html."""
    parts = urlsplit(normal(address))
    last = parts.path.rpartition("/")[2]
    path = parts.path.removesuffix(last) if "." in last else parts.path.rstrip("/") + "/"
    return Site(parts.scheme, parts.netloc, path, tuple(exclude))


def source_of(url: str) -> str:
    """The source of a page's document: its address without the scheme."""
    parts = urlsplit(url)
    return f"{parts.netloc}{parts.path}" + (f"?{parts.query}" if parts.query else "")


def shape_of(url: str) -> str:
    """The address with * for numbers and for values of its query: pages of a calendar have one shape."""
    parts = urlsplit(url)
    names = "&".join(f"{name}=*" for name, _ in parse_qsl(parts.query, keep_blank_values=True))
    return re.sub(r"\d+", "*", parts.path) + (f"?{names}" if names else "")


def _goes_round(path: str) -> bool:
    """Whether a piece of the path comes again and again, as with links that are relative to the wrong folder."""
    pieces = [piece for piece in path.split("/") if piece]
    return any(pieces.count(piece) > _REPEATS for piece in set(pieces) if not piece.isdigit())
