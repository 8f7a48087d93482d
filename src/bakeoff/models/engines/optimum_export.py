"""Writes a model as an OpenVINO graph with int8 weights by the exporter of optimum-intel, a package of its own.

Takes a model folder and perhaps an adapter to merge, writes openvino_model.xml/.bin. The exporter runs as a command in
a process of its own: it changes transformers while it works, and its memory is free again afterwards.
"""

import os
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path

from bakeoff.errors import ModelUnavailableError

COMMAND = (sys.executable, "-m", "optimum.commands.optimum_cli", "export", "openvino")
"""Writes a model as a graph. The options are those of `optimum-cli export openvino`."""
OPTIONS = ("--task", "text-generation-with-past", "--weight-format", "int8", "--disable-convert-tokenizer")
GRAPH = ("openvino_model.xml", "openvino_model.bin")
LONGEST_S = 3600.0
"""An exporter that takes longer is stopped: nobody may be there to do it."""


class ExportError(ModelUnavailableError):
    """The exporter could not write the model."""


def installed_version() -> str | None:
    """The installed version of optimum-intel; None if it is not installed."""
    try:
        return metadata.version("optimum-intel")
    except metadata.PackageNotFoundError:
        return None


def export(folder: Path, adapter: Path | None, target: Path) -> None:
    """Writes the two files of the graph into the folder `target`. Raises ExportError with the exporter's last line."""
    merged = target / "merged"
    if adapter is not None:
        _merge(folder, adapter, merged)
    written = target / "written"
    model = folder if adapter is None else merged
    command = [*COMMAND, "--model", str(model.absolute()), *OPTIONS, str(written.absolute())]
    environment = {**os.environ, "HF_HUB_OFFLINE": "1"}
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, errors="replace", env=environment, check=False, timeout=LONGEST_S
        )
    except subprocess.TimeoutExpired as error:
        raise ExportError(f"optimum-intel did not end within {LONGEST_S / 60:.0f} minutes") from error
    if done.returncode != 0 or not all((written / name).exists() for name in GRAPH):
        lines = [line.strip() for line in done.stderr.splitlines() if line.strip()]
        said = lines[-1][:300].rstrip(".") if lines else f"exit code {done.returncode}"
        raise ExportError(f"optimum-intel could not export it ({said})")
    for name in GRAPH:
        (written / name).rename(target / name)
    for finished in (merged, written):
        shutil.rmtree(finished, ignore_errors=True)


def _merge(folder: Path, adapter: Path, target: Path) -> None:
    """The model with the adapter in its weights, with the other files that the exporter reads."""
    import torch

    from bakeoff.models.engines.transformers import load_model
    from bakeoff.models.weights import quiet_libraries

    model = load_model(folder, adapter, torch.float32)
    with quiet_libraries():
        model.save_pretrained(target)
    for file in folder.iterdir():
        if file.is_file() and file.suffix != ".safetensors" and not (target / file.name).exists():
            shutil.copy(file, target / file.name)
