"""How well the span reader reads: exact match and F1 on held-out articles of SQuAD, with the right paragraph or not.

    BAKEOFF_DATA=... python benchmarks/span_reader.py
    BAKEOFF_DATA=... python benchmarks/span_reader.py --weights FOLDER/reader.safetensors   # not in the package yet
    BAKEOFF_DATA=... python benchmarks/span_reader.py --articles Normans Huguenot --only gold  # to choose settings on
    python benchmarks/span_reader.py --run runs/support-desk --epochs 4                      # on a finished run

The first table has every question about the four articles on which nothing was trained (recipes/reader/held_out.txt),
with its own paragraph alone. The second has the questions of the pilot on SQuAD, with the three passages of 128 tokens
that the product's retrieval finds in all sixteen articles, for `drqa` and for `extract`.
With a finished run, the third table has its test questions with its own index, for `extract`, for `drqa` as it comes,
and for `drqa` trained further on the run's training questions.
Source of the measures: Rajpurkar et al. 2016, arXiv:1606.05250, and 2018, arXiv:1806.03822 (evaluate-v2.0.py).
"""

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean, median
from typing import Any, NamedTuple

from reader import indexed, squad

from bakeoff.contenders.extractor import Extractor
from bakeoff.contenders.load import make_recipe
from bakeoff.contenders.recipe import Material
from bakeoff.contenders.span_answers import SpanAnswers
from bakeoff.contenders.spec import Spec
from bakeoff.contenders.world import WorldFolder
from bakeoff.grading.grade import squad_scores
from bakeoff.measure.score import rightness
from bakeoff.models.embed import load_embedder
from bakeoff.models.settings import DEFAULT_EMBEDDER, LocalModel
from bakeoff.models.spans.reader import SpanReader
from bakeoff.models.spans.shipped import base_folder, shipped_reader
from bakeoff.models.spans.windows import Passage, SpanTokenizer
from bakeoff.protocols import Contender
from bakeoff.records import Answer, Question
from bakeoff.runs.folder import RunFolder

HELD_OUT = (Path(__file__).parents[1] / "recipes" / "reader" / "held_out.txt").read_text(encoding="utf-8").split()
N_DRAWS = 2000


def main() -> None:
    """Prints the first two tables, or the third."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--weights", type=Path, help="weights of train.py, in place of the package's")
    parser.add_argument("--articles", nargs="*", default=HELD_OUT)
    parser.add_argument("--only", choices=("gold", "retrieved"))
    parser.add_argument("--k", type=int, default=3)
    parser.add_argument("--run", type=Path, help="a finished run folder with the contender extract")
    parser.add_argument("--epochs", type=int, default=4, help="passes over the training questions of the run")
    chosen = parser.parse_args()
    if chosen.run:
        return on_run(RunFolder(chosen.run), chosen.epochs)
    if "BAKEOFF_DATA" not in os.environ:
        sys.exit("set BAKEOFF_DATA to the folder that holds squad_v2_cs224n")
    reader = unshipped(chosen.weights) if chosen.weights else shipped_reader()
    if chosen.only != "retrieved":
        gold_paragraphs(reader, chosen.articles)
    if chosen.only != "gold":
        retrieved(reader, chosen.k)
    return None


def unshipped(file: Path) -> SpanReader:
    """A reader with the weights that train.py wrote."""
    from safetensors.torch import load_file

    from bakeoff.models.spans.network import untrained

    network = untrained(base_folder(), 0)
    network.load_state_dict(load_file(file), strict=False)
    return SpanReader(network.eval(), SpanTokenizer(base_folder()))


class Read(NamedTuple):
    """A question's known answers, the best span, and how much likelier it is than no answer."""

    known: tuple[str, ...]
    text: str
    score: float

    @property
    def f1(self) -> float:
        return f1(self.text, self.known)


def gold_paragraphs(reader: SpanReader, articles: Sequence[str]) -> None:
    """Each question with its own paragraph, without a heading."""
    asked, known = [], []
    for paragraph in (p for article in read_squad() if article["title"] in articles for p in article["paragraphs"]):
        for qa in paragraph["qas"]:
            asked.append((" ".join(qa["question"].split()), [Passage(paragraph["context"])]))
            known.append(tuple(answer["text"] for answer in qa["answers"]))
    begun = time.perf_counter()
    spans = reader.read(asked)
    ms = 1000 * (time.perf_counter() - begun) / len(asked)
    made = [
        Read(answers, passages[0].text[span.start : span.end], span.score)
        for (_, passages), answers, span in zip(asked, known, spans, strict=True)
        if span is not None
    ]
    print_gold([one for one in made if one.known], [one for one in made if not one.known], ms)


def print_gold(can: Sequence[Read], cannot: Sequence[Read], ms: float) -> None:
    """The first table, and what the reader's own decision makes of it."""
    print("| questions | exact match | F1 (95 % interval) | tells what has no answer (area) | ms a question |")
    print("|---|---|---|---|---|")
    low, high = interval([one.f1 for one in can])
    em, mean = fmean(exact(one.text, one.known) for one in can), fmean(one.f1 for one in can)
    area = fmean((a.score > b.score) + 0.5 * (a.score == b.score) for a in can for b in cannot)
    label = f"{len(can)} answerable, best span"
    print(f"| {label} | {em:.3f} | {mean:.3f} ({low:.3f} to {high:.3f}) | {area:.3f} | {ms:.1f} |")
    answered = sum(one.f1 for one in can if one.score >= 0)
    n_lost, n_declined = (sum(one.score < 0 for one in some) for some in (can, cannot))
    total = (answered + n_declined) / (len(can) + len(cannot))
    print(
        f"\nBy its own decision it declines {n_lost} of {len(can)} answerable and {n_declined} of {len(cannot)} "
        f"unanswerable questions: F1 {answered / len(can):.3f} on answerable ones, {total:.3f} on all (SQuAD 2.0).\n",
        flush=True,
    )


def read_squad() -> list[dict[str, Any]]:
    """The articles with their paragraphs and questions."""
    path = Path(os.environ["BAKEOFF_DATA"]) / "squad_v2_cs224n" / "dev-v2.0.json"
    return list(json.loads(path.read_text(encoding="utf-8"))["data"])


def retrieved(reader: SpanReader, k: int) -> None:
    """Both contenders on the questions of the pilot, one question at a time."""
    folder = Path(tempfile.mkdtemp(prefix="span-reader-"))
    documents, questions = squad(folder)
    index = indexed(folder, documents, 128)
    embedder = load_embedder(LocalModel(name=DEFAULT_EMBEDDER))
    contenders: list[Contender] = [
        SpanAnswers("drqa", index, reader, k),
        SpanAnswers("drqa, own decision", index, reader, k, 0.0),
        Extractor("extract", index, embedder, k),
    ]
    print_heads()
    for contender in contenders:
        print_row(contender, questions)


def on_run(folder: RunFolder, epochs: int) -> None:
    """`extract` and `drqa` on the test questions of a run, without those about its update and general knowledge."""
    config, questions = folder.config(), folder.questions()
    tested = [one for one in questions if one.split == "test" and one.slice not in ("changed", "general")]
    made = Path(tempfile.mkdtemp(prefix="span-reader-"))
    run = WorldFolder(folder.world, config.models, config.imports_from)
    world = WorldFolder(made, config.models, config.imports_from, documents=folder.world)
    extract = run.open("extract")
    retrieval = run.built("extract").spec.retrieval
    contenders = [
        extract,
        SpanAnswers("drqa, own decision", world.index(retrieval), shipped_reader(), retrieval.k, 0.0),
    ]
    material = Material(train=tuple(one for one in questions if one.split == "train"))
    recipe = make_recipe(Spec(name="drqa", recipe="drqa", retrieval=retrieval, options={"epochs": epochs}))
    begun = time.perf_counter()
    fitted = recipe.calibrate(world, material, recipe.prepare(world, material), lambda name: ())
    print(f"trained for {epochs} epochs in {time.perf_counter() - begun:.0f} s", file=sys.stderr)
    print_heads()
    for contender in (*contenders, recipe.open(world, fitted)):
        print_row(contender, tested)


def print_heads() -> None:
    """The first lines of the second and third table."""
    heads = ("exact match", "F1 (95 % interval)", "correct by the product's rules", "answerable declined")
    print(f"| contender | {' | '.join(heads)} | unanswerable declined | median ms |")
    print("|---|---|---|---|---|---|---|")


def print_row(contender: Contender, questions: Sequence[Question]) -> None:
    """One line of the second table."""
    answers, times = [], []
    for question in questions:
        begun = time.perf_counter()
        answers += contender.answer([question])
        times.append(1000 * (time.perf_counter() - begun))
    can = [(q, a) for q, a in zip(questions, answers, strict=True) if q.answerable]
    cannot = [a for q, a in zip(questions, answers, strict=True) if not q.answerable]
    values = [f1(said(answer), question.answers) for question, answer in can]
    low, high = interval(values)
    shares = (
        fmean(rightness(question, said(answer)) for question, answer in can),
        fmean(answer.abstained for _, answer in can),
        fmean(answer.abstained for answer in cannot),
    )
    em, mean = fmean(exact(said(answer), question.answers) for question, answer in can), fmean(values)
    cells = [f"{em:.3f}", f"{mean:.3f} ({low:.3f} to {high:.3f})", *(f"{share:.3f}" for share in shares)]
    print(f"| {contender.name} | {' | '.join(cells)} | {median(times):.0f} |", flush=True)


def said(answer: Answer) -> str:
    """The text that is not withheld."""
    return "" if answer.abstained else answer.text


def exact(text: str, known: Sequence[str]) -> float:
    """SQuAD's exact match."""
    return float(squad_scores(text, known)[0])


def f1(text: str, known: Sequence[str]) -> float:
    """SQuAD's F1: the harmonic mean of precision and recall of words, against the nearest known answer."""
    return squad_scores(text, known)[1]


def interval(values: Sequence[float]) -> tuple[float, float]:
    """95 % of the means of redrawn questions."""
    import numpy as np

    draw = np.random.default_rng(0)
    means = np.array(values)[draw.integers(0, len(values), (N_DRAWS, len(values)))].mean(1)
    low, high = np.quantile(means, [0.025, 0.975])
    return float(low), float(high)


if __name__ == "__main__":
    main()
