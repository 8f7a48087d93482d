"""Which files of a model's or a contender's folder decide about answers.

Takes a folder, gives paths. Reads nothing.
"""

from collections.abc import Iterable
from pathlib import Path

from bakeoff.models.tuned_folder import DEPLOYMENT, HOSTED_JOB

TRAINED = "trained.json"
"""What a training depended on and took: later runs find it there."""
LEFT_OUT = {
    *(TRAINED, "report.json", "request.json", "training.jsonl", "sums.json", "README.md"),
    *(HOSTED_JOB, DEPLOYMENT, "download.json"),
}
"""Records of how something was made. Times in them would make two equal contenders look different."""


def files_of(folder: Path) -> Iterable[Path]:
    """The files that decide about answers: weights, configuration, tokenizer, templates, fitted values."""
    for path in sorted(folder.rglob("*")):
        inner = path.relative_to(folder).parts
        if path.is_file() and not inner[0].startswith(("checkpoint", ".")) and path.name not in LEFT_OUT:
            yield path
