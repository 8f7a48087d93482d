"""Our own documents: which files are trained on, and which are kept back."""

from pathlib import Path

EASIER, HARDER = (Path(__file__).parent / name for name in ("documents", "harder_documents"))
HELD_OUT, CHOOSING = (
    (Path(__file__).parent / name).read_text(encoding="utf-8").split()
    for name in ("held_out_documents.txt", "choosing_documents.txt")
)
"""Nothing is trained on these files. Results are measured on the first; what is shipped is chosen on the second."""


def files(harder: bool) -> list[Path]:
    """One file for each document that is trained on, in a fixed order; with the harder ones, or without."""
    folders = (EASIER, HARDER) if harder else (EASIER,)
    kept_back = {*HELD_OUT, *CHOOSING}
    return [file for folder in folders for file in sorted(folder.glob("*.jsonl")) if file.name not in kept_back]
