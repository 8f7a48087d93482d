"""The law about tuned retrieval, read from the data of a finished run and the folder of `tuned_retrieval.py`.

Takes both, gives for each test question whether the first passages hold evidence, untuned and with the tuned embedder,
and the graded answers where that command asked for some. A tuned embedder that is there is not trained again.
"""

from pathlib import Path

from tuned_retrieval import Set, found, opened, retriever_of, variant

from bakeoff.files import jsonl
from bakeoff.measure.score import rightness
from bakeoff.records import Answer

from .rule import Outcome

OPTIONS, EXAMPLES = {"reranker": False, "epochs": 2, "negatives": 1}, 100
"""Those of docs/results/retrieval.md."""


def retrieval(run: Path, folder: Path) -> list[Outcome]:
    """Law 7."""
    of = opened(run, folder)
    recipe, _ = variant(of, OPTIONS, EXAMPLES)
    outcomes = []
    for arm, retriever in (
        ("untuned", of.world.index(of.run.config().specs[0].retrieval)),
        ("tuned", retriever_of(of, recipe)),
    ):
        for k, values in found(retriever, of.test).items():
            pairs = zip(of.test, values, strict=True)
            outcomes += [
                Outcome(arm=f"{arm} @{k}", unit=one.fact, question=one.id, value=value) for one, value in pairs
            ]
    for arm, name in (("untuned", "untuned"), ("tuned", "embedder")):
        outcomes += _answers(f"{arm}, answers", of, of.world.root / f"answers-{name}.jsonl")
    return outcomes


def _answers(arm: str, of: Set, path: Path) -> list[Outcome]:
    by_id = {question.id: question for question in of.test}
    answers = jsonl.read(path, Answer) if path.exists() else []
    pairs = [(by_id[answer.question_id], answer.text) for answer in answers]
    return [
        Outcome(arm=arm, unit=one.fact, question=one.id, value=rightness(one, text), text=text) for one, text in pairs
    ]
