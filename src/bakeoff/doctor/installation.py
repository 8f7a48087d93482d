"""Python, packages against what Bakeoff's own metadata allow, extras, and the build of torch.

Takes a way to ask for versions, gives findings. Imports none of the packages.
"""

import importlib.util
import platform
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from bakeoff.doctor.finding import Finding, fine, note, problem
from bakeoff.sentences import count, listed

DEVELOPERS = ("test", "bench", "site")
"""Extras that only those who change Bakeoff install."""
INSTALL_AGAIN = "pip install --upgrade bakeoff"
TORCH_BUILD = re.compile(r"^(cuda|hip)\b[^=]*= *'([^']+)'", re.MULTILINE)

Versions = Callable[[str], str | None]
"""A package's name to its version; None if it is not installed."""


def installed_version(package: str) -> str | None:
    """The version of an installed package."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def requirements() -> list[Requirement]:
    """What the installed Bakeoff requires, extras included; empty if it was never installed as a package."""
    try:
        return [Requirement(text) for text in metadata.requires("bakeoff") or ()]
    except metadata.PackageNotFoundError:
        return []


def python(version: str = platform.python_version(), allowed: str = ">=3.11", bits: int = sys.maxsize) -> list[Finding]:
    """Python's version and word size."""
    if not SpecifierSet(allowed).contains(version, prereleases=True):
        return [problem("python", f"Python {version}; Bakeoff needs {allowed}", "install a newer Python")]
    if bits < 2**32:
        return [problem("python", f"Python {version} of 32 bits", "install a Python of 64 bits: models need it")]
    return [fine("python", f"Python {version}")]


def packages(required: Sequence[Requirement] | None = None, version_of: Versions = installed_version) -> list[Finding]:
    """The packages that Bakeoff always needs."""
    wanted = _without_extras(requirements() if required is None else required)
    if not wanted:
        return [
            note("packages", "Bakeoff runs from its source, so it does not say which versions it needs", INSTALL_AGAIN)
        ]
    wrong = list(_wrong("packages", wanted, version_of, INSTALL_AGAIN))
    good = fine("packages", f"{count(len(wanted))} packages, each in a version that Bakeoff allows", n=len(wanted))
    return wrong or [good]


def extras(required: Sequence[Requirement] | None = None, version_of: Versions = installed_version) -> list[Finding]:
    """Which extras are installed, half installed, or in a version that Bakeoff does not allow."""
    by_extra = _by_extra(requirements() if required is None else required)
    whole = [name for name, wanted in by_extra.items() if all(version_of(one.name) for one in wanted)]
    findings = [*_half_installed(by_extra, version_of)]
    half = {finding.found.split("'")[1] for finding in findings}
    for name in whole:
        findings += _wrong("extras", by_extra[name], version_of, f"pip install --upgrade 'bakeoff[{name}]'")
    absent = [name for name in by_extra if name not in whole and name not in half]
    summary = f"installed: {listed(whole) or 'none'}; not installed: {listed(absent) or 'none'}"
    return [fine("extras", summary, installed=len(whole), absent=len(absent)), *findings]


def _half_installed(by_extra: dict[str, list[Requirement]], version_of: Versions) -> Iterator[Finding]:
    for name, wanted in by_extra.items():
        missing = [one.name for one in wanted if not version_of(one.name)]
        without = f"{listed(missing)} {'is' if len(missing) == 1 else 'are'} missing"
        if missing and len(missing) < len(wanted):
            yield note(
                "extras",
                f"the extra '{name}' is installed in part: {without}",
                f"if you need it: pip install 'bakeoff[{name}]'",
                missing=len(missing),
            )


def _wrong(check: str, wanted: Sequence[Requirement], version_of: Versions, remedy: str) -> Iterator[Finding]:
    """Packages that are missing, or of a version that is not allowed."""
    for one in wanted:
        version = version_of(one.name)
        if version is None:
            yield problem(check, f"the package {one.name} is missing", remedy)
        elif not one.specifier.contains(version, prereleases=True):
            yield problem(check, f"{one.name} {version} is installed; Bakeoff needs {one.specifier}", remedy)


def _without_extras(required: Sequence[Requirement]) -> list[Requirement]:
    return [one for one in required if one.marker is None or one.marker.evaluate({"extra": ""})]


def _by_extra(required: Sequence[Requirement]) -> dict[str, list[Requirement]]:
    """The requirements of each extra for users, without those that are needed anyway."""
    always = {one.name for one in _without_extras(required)}
    named = dict.fromkeys(
        match for one in required if one.marker for match in re.findall(r"extra == [\"']([\w-]+)", str(one.marker))
    )
    return {
        extra: [
            one
            for one in required
            if one.marker and one.name not in always and one.name != "bakeoff" and one.marker.evaluate({"extra": extra})
        ]
        for extra in named
        if extra not in DEVELOPERS
    }


def torch_build(version_of: Versions = installed_version, folder: Path | None = None) -> list[Finding]:
    """Which build of torch it is: for a CPU, or for GPUs of NVIDIA or AMD."""
    version = version_of("torch")
    if version is None:
        return [note("torch", "torch is not installed", "to run models on this machine: pip install 'bakeoff[local]'")]
    built = built_for(folder)
    return [fine("torch", f"torch {version}, built for {built or 'CPUs only'}", gpu_build=bool(built))]


def built_for(folder: Path | None = None) -> str:
    """What torch was built for besides the CPU, such as 'CUDA 12.8'; empty if for nothing else. Does not import it."""
    if folder is None:
        spec = importlib.util.find_spec("torch")
        folder = Path(next(iter(spec.submodule_search_locations))) if spec and spec.submodule_search_locations else None
    file = folder / "version.py" if folder else None
    if file is None or not file.is_file():
        return ""
    found = TORCH_BUILD.search(file.read_text(encoding="utf-8"))
    return f"{'CUDA' if found[1] == 'cuda' else 'ROCm'} {found[2]}" if found else ""
