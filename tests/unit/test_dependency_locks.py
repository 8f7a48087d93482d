"""The lock files hold what the project needs, in the versions that the tests use, with hashes."""

import os
import re
import subprocess
import tomllib
from importlib.metadata import PackageNotFoundError, distribution

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.end_to_end.small import REPOSITORY

LOCKS = REPOSITORY / "locks"
EXTRAS = ("local", "offline", "serve")
LINE = re.compile(
    r"^([A-Za-z0-9][\w.-]*)==([^\s;]+)(?: ; .*)? \\\n((?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n)+)", re.M
)
OF_CUDA = re.compile(r"(nvidia|cuda)-|triton$")


def locked(*names: str) -> dict[str, str]:
    """The versions in these lock files, by package."""
    texts = [(LOCKS / f"{name}.txt").read_text(encoding="utf-8") for name in names]
    return {canonicalize_name(name): version for text in texts for name, version, _ in LINE.findall(text)}


def project() -> list[Requirement]:
    """What an install for the demo asks for."""
    table = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = [line for extra in EXTRAS for line in table["optional-dependencies"][extra]]
    return [Requirement(line) for line in (*table["dependencies"], *extras)]


@pytest.mark.parametrize("path", sorted(LOCKS.glob("*.txt")), ids=lambda path: path.name)
def test_every_package_has_a_version_and_hashes(path):
    """Nothing else stands in a lock, but comments and the lock of torch; no address of an index."""
    text = path.read_text(encoding="utf-8")
    rest = [line for line in LINE.sub("", text).splitlines() if line and not line.startswith("#")]
    assert LINE.search(text) and rest == (["-r torch.txt"] if path.name == "requirements.txt" else [])


def test_the_versions_are_those_of_the_tests():
    """constraints.txt is what CI installs. Packages for CUDA and weights stand in no other place."""
    pins = dict(line.split("==") for line in (REPOSITORY / "constraints.txt").read_text().splitlines()[1:])
    pins = {canonicalize_name(name): version for name, version in pins.items()}
    known = locked("requirements", "build")
    assert known and {name: pins.get(name) for name in known} == known
    torch = locked("torch")["torch"]
    assert locked("cpu") == {"torch": f"{torch}+cpu"}


def test_all_that_the_project_asks_for_is_locked():
    """In a version that it allows. A new dependency without `make locks` fails here."""
    known = locked("requirements", "torch")
    wrong = [
        str(one)
        for one in project()
        if (version := known.get(canonicalize_name(one.name))) is None or not one.specifier.contains(version)
    ]
    assert not wrong, f"run: make locks ({', '.join(wrong)})"


def test_what_the_packages_ask_for_is_locked():
    """As they say where they are installed here; otherwise pip would refuse the lock."""
    known, waiting, seen = locked("requirements", "torch"), [(one.name, one.extras) for one in project()], set()
    assert len(known) > 60
    while waiting:
        name, extras = waiting.pop()
        if (name, tuple(extras)) in seen:
            continue
        seen.add((name, tuple(extras)))
        try:
            asked = [Requirement(line) for line in distribution(name).requires or []]
        except PackageNotFoundError:
            continue
        needed = [
            one
            for one in asked
            if any(one.marker is None or one.marker.evaluate({"extra": extra}) for extra in ("", *extras))
        ]
        missing = [one.name for one in needed if canonicalize_name(one.name) not in {*known, *locked("cuda")}]
        assert not missing, f"{name} needs {missing}; run: make locks"
        waiting += [(one.name, one.extras) for one in needed if not OF_CUDA.match(one.name)]


def test_the_build_without_cuda_is_one_of_the_files_of_torch():
    """Whichever of the two locks pip reads, it takes the same file; what only CUDA needs stands in its own lock."""
    cpu, torch = ((LOCKS / f"{name}.txt").read_text() for name in ("cpu", "torch"))
    hashes = set(re.findall(r"sha256:\w+", cpu))
    assert hashes and hashes < set(re.findall(r"sha256:\w+", torch))
    assert all(OF_CUDA.match(name) for name in locked("cuda"))
    assert not any(OF_CUDA.match(name) for name in locked("requirements"))


def test_the_demo_and_the_image_install_from_the_locks():
    """Both by locks/install.sh, whose every install asks for hashes; Bakeoff itself comes from the folder, alone."""
    script = (LOCKS / "install.sh").read_text(encoding="utf-8")
    installs = [line for line in script.splitlines() if "pip install" in line]
    assert [line.strip() for line in installs] == ['"$python" -m pip install -q --require-hashes "$@"']
    named = set(re.findall(r'-r "\$locks/([\w.]+)"', script))
    assert named == {path.name for path in LOCKS.glob("*.txt")} and all((LOCKS / name).exists() for name in named)
    makefile = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
    rule = re.search(r"^\$\(VENV\)/\.installed-demo:.*\n((?:\t.*\n)+)", makefile, re.M)
    image = [line for line in (REPOSITORY / "Dockerfile").read_text(encoding="utf-8").splitlines() if "RUN" in line]
    assert rule is not None
    for lines in (rule[1].splitlines(), image):
        assert sum("sh locks/install.sh" in line for line in lines) == 1
        (own,) = [line for line in lines if "pip install" in line]
        assert "--no-deps --no-build-isolation" in own


def test_each_lock_is_asked_about():
    """By `make audit`. torch stands in requirements.txt, and its build without CUDA is of the same release."""
    makefile = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
    rule = re.search(r"^audit:.*\n((?:\t.*\n)+)", makefile, re.M)
    assert rule is not None
    asked = set(re.findall(r"-r locks/([\w.]+)", rule[1]))
    assert asked == {path.name for path in LOCKS.glob("*.txt")} - {"torch.txt", "cpu.txt"}


def test_the_oldest_python_of_the_locks_is_what_the_pages_ask_for():
    """It is newer than the oldest one that the package itself takes."""
    oldest = re.search(r'^OLDEST_PYTHON = "([\d.]+)"', (LOCKS / "write.py").read_text(encoding="utf-8"), re.M)
    assert oldest is not None
    for page in ("installation", "tutorial"):
        assert f"Python {oldest[1]} or newer" in (REPOSITORY / "docs" / f"{page}.md").read_text(encoding="utf-8")


def test_the_script_takes_the_build_without_cuda_where_there_is_one(tmp_path):
    """A stand-in for Python notes what it is asked to install: of an index, of this machine, or of neither."""
    python = tmp_path / "python"
    for index, has_cpu, needs, expected in (
        ("", True, "", [["cpu"], ["requirements", "build"], ["weights"]]),
        ("", False, "nvidia-cublas", [["cpu"], ["torch"], ["requirements", "build", "cuda"], ["weights"]]),
        ("", False, "", [["cpu"], ["torch"], ["requirements", "build"], ["weights"]]),
        ("index", True, "", [["cpu"], ["requirements", "build"], ["weights"]]),
    ):
        log = tmp_path / "log"
        refused = "" if has_cpu else 'case "$*" in *cpu.txt*) exit 1;; esac\n'
        python.write_text(
            f'#!/bin/sh\n[ "$3" = show ] && echo "Requires: {needs}" && exit\necho "$@" >> {log}\n{refused}'
        )
        python.chmod(0o755)
        environment = {**os.environ, "TORCH_INDEX": index}
        subprocess.run(["sh", LOCKS / "install.sh", python], check=True, env=environment)
        asked = log.read_text().splitlines()
        log.unlink()
        assert [re.findall(r"(\w+)\.txt", line) for line in asked] == expected
        assert all("--require-hashes" in line for line in asked)
        assert [("--index-url index" in line) for line in asked] == [bool(index), *[False] * (len(asked) - 1)]


def test_the_script_ends_where_an_index_does_not_hold_the_build(tmp_path):
    """It does not take another build instead of the one that was asked for."""
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\nexit 1\n")
    python.chmod(0o755)
    done = subprocess.run(["sh", LOCKS / "install.sh", python], env={**os.environ, "TORCH_INDEX": "index"})
    assert done.returncode
