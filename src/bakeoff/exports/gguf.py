"""`gguf`: the merged model of a contender as one GGUF file, by llama.cpp's own converter where it is installed.

Takes weights and the converter's path, gives a file whose header and rotary base are checked. The converter runs in a
process of its own that sees only a few environment variables. Source: GGUF, "File structure" (magic, version, number of
tensors).
"""

import os
import struct
import subprocess
import sys
from pathlib import Path

from bakeoff.errors import BakeoffError, ConfigError
from bakeoff.exports.merged import Precision, write_merged
from bakeoff.exports.origin import Origin
from bakeoff.exports.target import new_path
from bakeoff.exports.weights import weights_of
from bakeoff.models.architecture import text_config

SCRIPT = "convert_hf_to_gguf.py"
VARIABLE = "LLAMA_CPP"
OUTTYPES: dict[Precision, str] = {"float32": "f32", "bfloat16": "bf16", "float16": "f16"}
PASSED = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "PYTHONPATH", "VIRTUAL_ENV", "LD_LIBRARY_PATH")
"""The environment variables that the converter sees."""
USUAL_ROTARY_BASE = 10_000.0
_HEADER = struct.Struct("<4sIQQ")
LONGEST_S = 3600.0
"""A converter that has not ended by then is stopped."""
_LAST_WORDS = 400


def export_gguf(
    origin: Origin,
    out: Path,
    contender: str | None = None,
    precision: Precision = "float16",
    converter: Path | None = None,
) -> str:
    """Writes the GGUF file and returns the contender.

    Raises ConfigError if the converter is not installed, BakeoffError if it fails or writes something else.
    """
    script = find_converter(converter)
    weights = weights_of(origin, contender)
    with new_path(out) as path:
        model = path.with_name(f"{weights.contender}-model")
        write_merged(weights, model, "float32")
        _convert(script, model, path, OUTTYPES[precision])
        check_header(path)
        check_rotary_base(path, model)
    return weights.contender


def find_converter(given: Path | None) -> Path:
    """The script of llama.cpp, or a program that runs it: the path that is given, else that in LLAMA_CPP.

    Each may be the folder of llama.cpp.
    """
    named = given or (Path(os.environ[VARIABLE]) if os.environ.get(VARIABLE) else None)
    remedy = f"clone llama.cpp, install its requirements, and name {SCRIPT} with --converter or in {VARIABLE}"
    if named is None:
        raise ConfigError(
            f"A GGUF file needs llama.cpp's {SCRIPT}, and neither --converter nor {VARIABLE} names it.", remedy
        )
    path = named.expanduser()
    script = path / SCRIPT if path.is_dir() else path
    if not script.is_file():
        raise ConfigError(f"llama.cpp's {SCRIPT} is not at {named}.", remedy)
    return script.resolve()


def check_header(path: Path) -> None:
    """Raises BakeoffError if the file is no GGUF file of version 2 or 3 that holds tensors."""
    head = _head(path) if path.is_file() else b""
    magic, version, n_tensors, _ = _HEADER.unpack(head) if len(head) == _HEADER.size else (head[:4], 0, 0, 0)
    if magic != b"GGUF" or version not in (2, 3) or not n_tensors:
        found = f"begins with {magic!r}, version {version}, {n_tensors} tensors" if head else "is missing or empty"
        raise BakeoffError(f"The converter wrote no GGUF file: it {found}.", "use a current llama.cpp")


def check_rotary_base(path: Path, model: Path) -> None:
    """Raises BakeoffError if the file's base of the rotary embedding is not that of the model in this folder.

    A converter that does not know where the model's configuration names it writes none, and llama.cpp takes 10,000.
    """
    from gguf import GGUFReader

    config = text_config(model)
    rope = config.get("rope_parameters") or {}
    expected = rope.get("full_attention", rope).get("rope_theta", config.get("rope_theta"))
    reader = GGUFReader(path)
    architecture = reader.get_field("general.architecture")
    field = reader.get_field(f"{architecture.contents()}.rope.freq_base") if architecture else None
    found = float(field.contents()) if field else USUAL_ROTARY_BASE
    if expected is not None and abs(found / expected - 1) > 1e-6:
        raise BakeoffError(
            f"The converter wrote another rotary base ({found:,.0f}) than the model has ({expected:,.0f}), so the file "
            "would answer otherwise.",
            "use a current llama.cpp",
        )


def _convert(script: Path, model: Path, path: Path, outtype: str) -> None:
    program = [sys.executable, str(script)] if script.suffix == ".py" else [str(script)]
    command = [*program, str(model), "--outfile", str(path), "--outtype", outtype]
    environment = {name: os.environ[name] for name in PASSED if name in os.environ} | {"HF_HUB_OFFLINE": "1"}
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, errors="replace", env=environment, check=False, timeout=LONGEST_S
        )
    except PermissionError as error:
        raise ConfigError(
            f"{script} cannot be run: {error.strerror}.", f"make it executable, or name {SCRIPT}"
        ) from error
    except subprocess.TimeoutExpired as error:
        raise BakeoffError(
            f"{script} did not end within {LONGEST_S / 60:.0f} minutes.",
            "run it by hand on the exported weights, and see where it stays",
        ) from error
    if done.returncode:
        said = " ".join((done.stderr or done.stdout).split())[-_LAST_WORDS:]
        raise BakeoffError(
            f"{script} failed with exit code {done.returncode}: {said or '(it said nothing)'}",
            "check that llama.cpp supports this model; install missing Python packages into bakeoff's environment, or "
            "name a program that runs the converter in another one",
        )


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_HEADER.size)
