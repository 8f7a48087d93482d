"""Trains the span reader from the sentence model on questions with answers, after clozes made from texts if wanted.

    BAKEOFF_DATA=... python recipes/span_reader/train.py FOLDER

Needs the extra `local`, the package `bm25s`, SQuAD 2.0 and TimeQA in $BAKEOFF_DATA (docs/drqa.md). If killed, the same
command continues. Writes FOLDER/clozes.safetensors, FOLDER/pass-1.safetensors, pass-2, ...; `ship.py` puts the last
into the package.

    python recipes/span_reader/train.py FOLDER --clozes 18000     # clozes first
    python recipes/span_reader/train.py FOLDER --without Normans Huguenot     # to choose settings on these articles
"""

import argparse
import os
import random
import sys
from collections.abc import Sequence
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

sys.path.insert(0, str(Path(__file__).parents[1] / "reader"))

import cloze
import marked

from bakeoff.models import saved_state
from bakeoff.models.settings import DEFAULT_EMBEDDER
from bakeoff.models.spans.network import SpanNetwork, untrained
from bakeoff.models.spans.training import Read, SpanTraining, Step, read, train
from bakeoff.models.spans.windows import SpanQuestion, SpanTokenizer
from bakeoff.models.weights import resolve_model

SEED = 1
CLOZES = 0
SAVED_EVERY = 25  # steps
FALL = 0.6
"""The highest learning rate of each pass is so much of the one before."""


def main() -> None:
    """The clozes and the passes, each skipped if its file exists."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--clozes", type=int, default=CLOZES, help="how many clozes to train on first")
    parser.add_argument("--cloze-rate", type=float, default=3e-4)
    parser.add_argument("--passes", type=int, default=3, help="passes over the questions; each draws passages anew")
    parser.add_argument("--rate", type=float, default=1.5e-4, help="the highest learning rate of the first of them")
    parser.add_argument("--layer-decay", type=float, default=1.0)
    parser.add_argument("--own", type=float, default=0.3, help="share of the questions about our own documents")
    parser.add_argument(
        "--share", type=float, default=1.0, help="share of all questions: a point of the learning curve"
    )
    parser.add_argument("--steps", type=int, help="at most so many steps of each pass")
    parser.add_argument("--without", nargs="*", default=[], help="articles of SQuAD to leave out")
    chosen = parser.parse_args()
    if "BAKEOFF_DATA" not in os.environ:
        sys.exit("set BAKEOFF_DATA to the folder that holds squad_v2_cs224n and timeqa")
    source = Path(os.environ["BAKEOFF_DATA"])
    chosen.folder.mkdir(parents=True, exist_ok=True)
    base = resolve_model(DEFAULT_EMBEDDER)
    network, tokenizer = untrained(base, SEED), SpanTokenizer(base)
    if chosen.clozes:
        settings = SpanTraining(learning_rate=chosen.cloze_rate, dropout=False, seed=SEED)
        made = lambda: [read(tokenizer, _clozes(source, chosen.clozes))]  # noqa: E731
        _part(network, chosen.folder / "clozes.safetensors", settings, made)
    for number in range(chosen.passes):
        rate = chosen.rate * FALL**number
        settings = SpanTraining(
            learning_rate=rate,
            layer_decay=chosen.layer_decay,
            tokens_per_step=1536,
            most_steps=chosen.steps,
            seed=SEED + number,
        )
        made = lambda number=number: [read(tokenizer, _questions(source, number, chosen))]  # noqa: E731
        _part(network, chosen.folder / f"pass-{number + 1}.safetensors", settings, made)


def _clozes(source: Path, n: int) -> Sequence[SpanQuestion]:
    draw = random.Random(f"{SEED} clozes")
    made = list(cloze.clozes(marked.texts(source), draw))
    return draw.sample(made, min(n, len(made)))


def _questions(source: Path, number: int, chosen: argparse.Namespace) -> Sequence[SpanQuestion]:
    draw = random.Random(f"{SEED} {number}")
    questions = marked.every(source, draw, chosen.without, chosen.own)
    kept = draw.sample(questions, round(chosen.share * len(questions)))
    n = sum(bool(question.places) for question in kept)
    print(f"pass {number + 1}: {len(kept)} questions, {n} with an answer", file=sys.stderr, flush=True)
    return kept


def _part(network: SpanNetwork, file: Path, settings: SpanTraining, made) -> None:  # type: ignore[no-untyped-def]
    """Trains one part and writes its weights, or reads those that are there."""
    if file.exists():
        network.load_state_dict(load_file(file), strict=False)
        return
    passes: list[list[Read]] = made()
    checkpoint = file.with_suffix(".checkpoint")
    train(network, passes, settings, show, checkpoint, SAVED_EVERY)
    changed = {name: tensor for name, tensor in network.state_dict().items() if "word_embeddings" not in name}
    half = file.with_suffix(".half")
    save_file({name: tensor.contiguous() for name, tensor in changed.items()}, half)
    half.replace(file)
    saved_state.remove(checkpoint)


_losses: list[float] = []


def show(step: Step) -> None:
    """Prints the mean loss of every ten steps."""
    _losses.append(step.loss)
    if step.number % 10 == 0 or step.number == step.of:
        mean = sum(_losses) / len(_losses)
        _losses.clear()
        text = f"step {step.number}/{step.of}, loss {mean:.3f}, {step.tokens_per_s:.0f} tokens/s"
        print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))
    main()
