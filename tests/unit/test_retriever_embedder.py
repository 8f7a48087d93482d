"""What the embedder reads while it is tuned: texts as an index reads them."""

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from bakeoff.models.embed import load_embedder  # noqa: E402
from bakeoff.models.settings import LocalModel  # noqa: E402
from bakeoff.records import Chunk, Question  # noqa: E402
from bakeoff.tuning.retriever.dev import Pool  # noqa: E402
from bakeoff.tuning.retriever.embedder import LONGEST, EmbedderTask  # noqa: E402
from bakeoff.tuning.retriever.pairs import Pair  # noqa: E402
from tests.unit.tiny_embedder import write_tiny_embedder  # noqa: E402

TEXT = "The year on Aldra is 12 days long"


def task_of(folder: Path) -> EmbedderTask:
    chunk = Chunk(id="a", document_id="a", source="a", text=TEXT, start=0, end=len(TEXT))
    pair = Pair(Question(id="q", fact="q", text="How long is a year on Aldra?", answers=("12 days",)), chunk, ())
    return EmbedderTask(folder, [pair], Pool([], [], 0, np.zeros((0, 0)), [], []), 1)


def test_a_text_has_the_vector_in_training_that_it_has_in_an_index(tmp_path: Path) -> None:
    """Question and passage: otherwise what is tuned is another model than the one that searches."""
    folder = write_tiny_embedder(tmp_path / "tiny", [TEXT])
    task, served = task_of(folder), load_embedder(LocalModel(name=str(folder), engine="transformers"))
    with torch.inference_mode():
        ours = task._vectors([task._window(TEXT, asks=True), task._window(TEXT, asks=False)], 2048).numpy()
    theirs = np.concatenate([served.embed_queries([TEXT]), served.embed_passages([TEXT])])
    assert np.abs(ours - theirs).max() < 1e-2


def test_a_long_text_is_cut_to_its_beginning_and_keeps_its_last_sign(tmp_path: Path) -> None:
    """256 tokens, the special ones at both ends among them."""
    folder = write_tiny_embedder(tmp_path / "tiny", [TEXT])
    short, long = (task_of(folder)._window(text, asks=False) for text in (TEXT, f"{TEXT} " * 100))
    assert len(short) < LONGEST and len(long) <= LONGEST
    assert long[: len(short) - 1] == short[:-1] and long[-1] == short[-1]
