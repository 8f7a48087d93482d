"""What tuning retrieval does for finding evidence and for answers, on the data of a finished run.

    bakeoff run examples/support-desk/bakeoff.yaml
    python benchmarks/tuned_retrieval.py runs/support-desk --folder /tmp/tuned-retrieval [--answers 80] [--trainer]

Tunes the embedder, the reranker, and both on the run's training questions, and keeps them whatever dev says, so that
their effect is seen; the last column says what `keep: better` would have done. Prints how many test questions have
evidence among the first 1, 3 and 10 passages, the difference to untuned retrieval with a 95 % interval (bootstrap over
facts), the seconds of training, and the milliseconds that a search takes. With `--answers` so many test questions are
also answered with `rag` and each variant. `--trainer` compares the speed of training with that of
sentence-transformers' model and loss on the same pairs. If killed, it continues where it stopped.
"""

import argparse
import shutil
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import numpy as np

from bakeoff.contenders.load import make_recipe
from bakeoff.contenders.rag_tuned import RagTuned
from bakeoff.contenders.recipe import Material
from bakeoff.contenders.spec import Spec
from bakeoff.contenders.world import WorldFolder
from bakeoff.files import jsonl
from bakeoff.measure.collect import collect
from bakeoff.measure.score import rightness
from bakeoff.protocols import Contender
from bakeoff.questions.evidence.evidence import holds_evidence
from bakeoff.records import Answer, Question
from bakeoff.retrieval.rerank import Reranked
from bakeoff.runs.folder import RunFolder
from bakeoff.tuning.retriever.dev import first_rank
from bakeoff.tuning.retriever.training import Report, report_of

AT = (1, 3, 10)
VARIANTS: Mapping[str, Mapping[str, Any]] = {
    "embedder": {"reranker": False},
    "reranker": {"embedder": False},
    "embedder and reranker": {},
}
DRAWS, SEED, TIMED = 2000, 0, 30


class Set(NamedTuple):
    """A run's data in a world of their own."""

    run: RunFolder
    world: WorldFolder
    material: Material
    test: list[Question]


def opened(run: Path, folder: Path) -> Set:
    """The documents, index and questions of a run, copied so that the run is not changed."""
    source = RunFolder(run)
    root = folder / source.root.name
    config = source.config()
    if not root.exists():
        root.mkdir(parents=True)
        shutil.copytree(source.world / "indexes", root / "indexes")
        shutil.copy(source.world / "store.sqlite", root)
    questions = source.questions()
    train, dev = (tuple(one for one in questions if one.split == split) for split in ("train", "dev"))
    material = Material(train=train, dev=dev, seed=config.seed)
    test = [one for one in questions if one.split == "test" and one.answerable and one.source_spans]
    return Set(source, WorldFolder(root, config.models, config.imports_from), material, test)


def variant(of: Set, options: Mapping[str, Any], examples: int | None) -> tuple[RagTuned, list[Report]]:
    """A tuned contender and the reports of its trainings."""
    settings = of.run.config().specs[0]
    tuning = settings.tuning.model_copy(update={"examples": examples})
    given = {"keep": "always", **options}
    spec = Spec(name="rag-tuned", recipe="rag-tuned", retrieval=settings.retrieval, options=given, tuning=tuning)
    recipe = make_recipe(spec)
    assert isinstance(recipe, RagTuned)
    reason = recipe.obstacle(of.world, of.material)
    if reason:
        raise SystemExit(f"{of.run.root.name}: {reason}")
    reports = []
    for part in recipe.tuned_parts:
        training = of.world.adapter_folder(recipe.retrieval_training(part))
        recipe.tune_retrieval(part, of.world, of.material, _show(part), None)
        of.world.index(recipe.spec.retrieval).sync(of.world.store)
        report = report_of(training)
        assert report is not None
        reports.append(report)
    return recipe, reports


def _show(part: str) -> Callable[[int, int], None]:
    return lambda done, total: print(f"{part}: {done}/{total}", file=sys.stderr, flush=True)


def retriever_of(of: Set, recipe: RagTuned) -> Any:
    index: Any = of.world.index(recipe.spec.retrieval)
    reranker = recipe.spec.reranker
    return Reranked(index, of.world.reranker(reranker), recipe.options.candidates) if reranker else index


def found(retriever: Any, test: Sequence[Question]) -> dict[int, np.ndarray]:
    """For each k, whether each question has evidence among the first k."""
    ranks = []
    for question, hits in zip(test, retriever.search([one.text for one in test], max(AT)), strict=True):
        ranks.append(first_rank([holds_evidence(question, hit.chunk) for hit in hits]) or max(AT) + 1)
    return {k: np.array([rank <= k for rank in ranks], float) for k in AT}


def search_ms(retriever: Any, test: Sequence[Question]) -> float:
    """The median milliseconds of a search, one question at a time."""
    took = []
    for question in test[:TIMED]:
        begun = time.perf_counter()
        retriever.search([question.text], 3)
        took.append((time.perf_counter() - begun) * 1000)
    return median(took)


def interval(differences: np.ndarray, facts: Sequence[str]) -> tuple[float, float]:
    """The 95 % interval of the mean difference: facts are drawn with all of their questions."""
    names = list(dict.fromkeys(facts))
    number = np.array([names.index(fact) for fact in facts])
    sums, counts = np.bincount(number, differences), np.bincount(number)
    draws = np.random.default_rng(SEED).integers(0, len(names), (DRAWS, len(names)))
    low, high = np.percentile(sums[draws].sum(1) / counts[draws].sum(1), (2.5, 97.5))
    return float(low), float(high)


def compared(values: np.ndarray, before: np.ndarray | None, facts: Sequence[str]) -> str:
    if before is None:
        return f"{values.mean():.3f}"
    low, high = interval(values - before, facts)
    return f"{values.mean():.3f} ({(values - before).mean():+.3f}, {low:+.3f} to {high:+.3f})"


def decided(reports: Sequence[Report]) -> str:
    """What `keep: better` would have done with each part."""
    figures = (f"{one.untuned.found:.3f} to {one.tuned.found:.3f}" for one in reports)
    return ", ".join(
        f"{'kept' if one.improved else 'not kept'} (dev {shown})" for one, shown in zip(reports, figures, strict=True)
    )


def print_found(of: Set, tuned: Mapping[str, tuple[RagTuned, list[Report]]]) -> None:
    """The table of evidence found."""
    facts = [question.fact for question in of.test]
    untuned: Any = of.world.index(of.run.config().specs[0].retrieval)
    before = found(untuned, of.test)
    print(f"\n{of.run.root.name}: {len(of.test)} test questions, {len(of.material.train)} training questions\n")
    print("| retrieval | found @1 | @3 | @10 | training s | search ms | dev |\n|---|---|---|---|---|---|---|")
    cells = " | ".join(compared(before[k], None, facts) for k in AT)
    print(f"| untuned | {cells} | - | {search_ms(untuned, of.test):.0f} | - |", flush=True)
    for name, (recipe, reports) in tuned.items():
        retriever = retriever_of(of, recipe)
        after = found(retriever, of.test)
        cells = " | ".join(compared(after[k], before[k], facts) for k in AT)
        seconds = sum(report.seconds for report in reports)
        print(
            f"| {name} | {cells} | {seconds:.0f} | {search_ms(retriever, of.test):.0f} | {decided(reports)} |",
            flush=True,
        )


def print_answers(of: Set, tuned: Mapping[str, tuple[RagTuned, list[Report]]], n: int) -> None:
    """The table of correct answers, by the same model with the same prompt."""
    drawn = np.random.default_rng(SEED).permutation(len(of.test))[:n]
    asked = [of.test[i] for i in sorted(drawn.tolist())]
    facts = [question.fact for question in asked]
    spec = next(iter(tuned.values()))[0].spec
    rag = make_recipe(Spec(name="rag", recipe="rag", retrieval=of.run.config().specs[0].retrieval, tuning=spec.tuning))
    contenders = {"untuned": rag} | {name: recipe for name, (recipe, _) in tuned.items()}
    print("\n| answers | correct |\n|---|---|")
    before: np.ndarray | None = None
    for name, recipe in contenders.items():
        contender = recipe.open(of.world, recipe.prepare(of.world, of.material))
        path = of.world.root / f"answers-{name.replace(' ', '-')}.jsonl"
        values = correct(contender, asked, path)
        print(f"| {name} | {compared(values, before, facts)} |", flush=True)
        before = values if before is None else before


def correct(contender: Contender, asked: Sequence[Question], path: Path) -> np.ndarray:
    collect(contender, asked, path, 8, lambda done, total: None)
    answers = {answer.question_id: answer for answer in jsonl.read(path, Answer)}
    return np.array([float(rightness(question, answers[question.id].text)) for question in asked])


def print_trainer(of: Set) -> None:
    """Processor seconds of an epoch on the same pairs: ours and sentence-transformers, three times in turn."""
    from trainer_speed import epoch_seconds

    ours, theirs = epoch_seconds(of)
    ratios = ", ".join(f"{b / a:.2f}" for a, b in zip(ours, theirs, strict=True))
    print(f"\nan epoch: {median(ours):.1f} s here, {median(theirs):.1f} s with sentence-transformers; ratios: {ratios}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path, nargs="+", help="folders of finished runs")
    parser.add_argument("--folder", type=Path, required=True, help="where the tuned parts are kept")
    parser.add_argument("--answers", type=int, default=0, help="so many test questions are also answered")
    parser.add_argument("--variants", nargs="+", choices=list(VARIANTS), default=list(VARIANTS))
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--negatives", type=int, default=2)
    parser.add_argument("--examples", type=int, help="the most training questions")
    parser.add_argument("--trainer", action="store_true", help="compare the speed of training")
    chosen = parser.parse_args()
    more = {"epochs": chosen.epochs, "negatives": chosen.negatives}
    for run in chosen.run:
        of = opened(run, chosen.folder)
        if chosen.trainer:
            print_trainer(of)
            continue
        tuned = {name: variant(of, {**VARIANTS[name], **more}, chosen.examples) for name in chosen.variants}
        print_found(of, tuned)
        if chosen.answers:
            print_answers(of, tuned, chosen.answers)


if __name__ == "__main__":
    main()
