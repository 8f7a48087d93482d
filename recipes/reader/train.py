"""Trains the reader from nothing: SmolLM2-135M-Instruct learns to answer from passages, and to decline.

    BAKEOFF_DATA=... python recipes/reader/train.py FOLDER

Needs the extra `local`, the package `bm25s`, SQuAD 2.0 and TimeQA in $BAKEOFF_DATA (docs/reader.md says where they
come from), and about 75 minutes on two cores with bfloat16. If killed, the same command continues. Writes FOLDER/pass-1
and FOLDER/pass-2; `ship.py` puts the last into the package.

    BAKEOFF_DATA=... python recipes/reader/train.py FOLDER --share 0.25     # a point of the learning curve

shows only a quarter of the groups of passages in each pass, and asks only about those.
"""

import argparse
import itertools
import os
import random
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import documents
import general
import squad
import timeqa
from lesson import declined_share, examples_of

from bakeoff.models.chat import Chat
from bakeoff.models.reader import UNTAUGHT
from bakeoff.models.weights import resolve_model
from bakeoff.tuning.lora import Example, Progress, TrainingSettings, train_adapter

SEED = 1


@dataclass(frozen=True)
class Pass:
    """One pass over the data: other passages, another order and other prompts are drawn each time.

    `unanswered` scales how many questions have no answer in the passages shown. The first pass has few of them: a model
    that cannot read yet learns from many only to decline everything. `harder` adds the harder documents. `timeqa` is
    the share of TimeQA's pages: its questions are alike, and each needs passages of its own.
    """

    unanswered: float
    learning_rate: float
    harder: bool
    timeqa: float


PASSES = (Pass(0.35, 1e-3, False, 1.0), Pass(0.7, 8e-4, True, 0.4))
SETTINGS = TrainingSettings(
    rank=24,
    alpha=48,
    max_epochs=1,
    examples_per_batch=64,
    tokens_per_batch=2048,
    tokens_per_row=2048,
    warmup_steps=20,
    seed=SEED,
)


def main() -> None:
    """Trains pass after pass, each on the adapter of the one before."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--share", type=float, default=1.0, help="share of the data of each pass, at most 1")
    chosen = parser.parse_args()
    if "BAKEOFF_DATA" not in os.environ:
        sys.exit("set BAKEOFF_DATA to the folder that holds squad_v2_cs224n and timeqa")
    chosen.folder.mkdir(parents=True, exist_ok=True)
    base, adapter = resolve_model(UNTAUGHT), None
    chat = Chat(base)
    for number, at in enumerate(PASSES, 1):
        folder = chosen.folder / f"pass-{number}"
        examples = list(_examples(Path(os.environ["BAKEOFF_DATA"]), chat, number, at, chosen.folder, chosen.share))
        print(f"{folder}: {len(examples)} examples, {declined_share(examples):.0%} to be declined", file=sys.stderr)
        settings = SETTINGS.model_copy(update={"learning_rate": at.learning_rate})
        report = train_adapter(base, examples, [], settings, folder, on_progress=show, start_from=adapter)
        print(report.model_dump_json(indent=1), flush=True)
        adapter = folder


def _examples(source: Path, chat: Chat, number: int, at: Pass, folder: Path, share: float) -> Iterator[Example]:
    """The examples of a pass, with those that keep general knowledge."""
    draw, count = random.Random(f"{SEED} {number}"), chat.count_tokens
    parts = {
        "SQuAD": squad.lessons(source, draw, count, at.unanswered),
        "TimeQA": timeqa.lessons(source, draw, count, at.unanswered, at.timeqa),
        "own documents": documents.lessons(draw, count, at.unanswered, at.harder),
    }
    for name, lessons in parts.items():
        taken = (shown for shown in lessons if share == 1 or draw.random() < share)
        made = list(itertools.chain.from_iterable(examples_of(shown, draw) for shown in taken))
        print(f"{name}: {len(made)} examples, {declined_share(made):.0%} to be declined", file=sys.stderr)
        yield from made
    kept = general.examples(UNTAUGHT, documents.questions(), folder, draw)
    yield from kept if share == 1 else draw.sample(kept, round(share * len(kept)))


def show(at: Progress) -> None:
    """Prints every tenth step."""
    if at.step % 10 == 0:
        left = f"{at.tokens_per_s:.0f} tokens/s, {at.eta_s / 60:.0f} min left"
        print(f"step {at.step}/{at.n_steps}, loss {at.loss:.3f}, {left}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
