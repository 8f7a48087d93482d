"""The environment of a run: when it began, versions, machine, and hashes of data and models.

Takes documents, questions and models, gives plain values for environment.json. Knows nothing about stages.
"""

import hashlib
import os
import platform
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from importlib import metadata
from typing import Any

import bakeoff
from bakeoff.models.model_sums import all_sums_of
from bakeoff.models.settings import ModelSettings
from bakeoff.records import Document, Question

BEGUN = "begun"
"""The key in `environment.json`: when the run was started."""
PACKAGES = ("lancedb", "numpy", "openvino", "openvino-genai", "peft", "pydantic", "pypdfium2", "torch", "transformers")


def describe(
    documents: Iterable[Document], questions: Iterable[Question], seed: int, models: Mapping[str, ModelSettings]
) -> dict[str, Any]:
    """The time, versions, machine, seed, the hash of the data, and the checksums of the models that have files here."""
    return {
        BEGUN: datetime.now(UTC).isoformat(timespec="seconds"),
        "bakeoff": bakeoff.__version__,
        "python": platform.python_version(),
        "packages": {name: version for name in PACKAGES if (version := _version(name))},
        "machine": {
            "system": f"{platform.system()} {platform.machine()}",
            "processor": _processor(),
            "cores": os.cpu_count(),
        },
        "seed": seed,
        "data_sha256": data_sha256(documents, questions),
        "models": {name: sums for name, settings in models.items() if (sums := all_sums_of(settings))},
    }


def data_sha256(documents: Iterable[Document], questions: Iterable[Question]) -> str:
    """One hash of every text that the run uses, independent of their order."""
    digest = hashlib.sha256()
    for document in sorted(documents, key=lambda item: item.id):
        digest.update(f"{document.source}\0{document.title}\0{document.text}\0".encode())
    for question in sorted(questions, key=lambda item: item.id):
        digest.update(question.model_dump_json().encode())
    return digest.hexdigest()


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _processor() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:  # noqa: PTH123
            return next((line.split(":", 1)[1].strip() for line in file if line.startswith("model name")), "")
    except OSError:
        return platform.processor()
