"""Versions of Bakeoff, Python, SQLite and the packages that Bakeoff's metadata name; the kind of system and machine.

Takes a way to ask for versions, gives plain values.
"""

import platform
import re
import sqlite3
from typing import Any

from packaging.version import InvalidVersion, Version

import bakeoff
from bakeoff.doctor.bundle.plain import OTHER, known
from bakeoff.doctor.installation import Versions, installed_version, requirements

SYSTEMS = ("Linux", "Darwin", "Windows")
MACHINES = ("x86_64", "AMD64", "aarch64", "arm64", "ppc64le", "riscv64")
BUILD = re.compile(r"cpu|cu\d{2,3}|rocm\d[\d.]{0,5}|xpu")
"""The builds of torch that its publisher makes; other additions to a version may be names of a company."""


def versions(version_of: Versions = installed_version) -> dict[str, Any]:
    """The versions, and what kind of machine it is."""
    names = sorted({one.name for one in requirements()})
    return {
        "bakeoff": bakeoff.__version__,
        "python": public(platform.python_version()),
        "sqlite": sqlite3.sqlite_version,
        "system": known(platform.system(), SYSTEMS),
        "machine": known(platform.machine(), MACHINES),
        "packages": {name: public(version) for name in names if (version := version_of(name))},
    }


def public(version: str) -> str:
    """The version without what a company may have added to it.

    >>> public("2.13.0+cpu"), public("2.13.0+acme.7"), public("from acme")
    ('2.13.0+cpu', '2.13.0', 'other')
    """
    try:
        parsed = Version(version)
    except InvalidVersion:
        return OTHER
    return f"{parsed.public}+{parsed.local}" if parsed.local and BUILD.fullmatch(parsed.local) else parsed.public
