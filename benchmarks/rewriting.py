"""Ways to search beside the plain one: HyDE, rewordings, searching for the answer too. Recall, accuracy, latency.

    BAKEOFF_DATA=... python benchmarks/rewriting.py squad --answers /tmp/squad.jsonl
    python benchmarks/rewriting.py support-desk --questions 80 --answers /tmp/desk.jsonl
    python benchmarks/rewriting.py support-desk --show 5    # what the model writes to rewrite a question

Asks a fixed draw of questions about four SQuAD articles on which the default model was not trained, or of those of the
bundled example. Every question is asked alone, of one contender after the other, in an order that turns with each
question, so that all meet the same load of the machine. No threshold, the default presentation. The rules grade. If
killed, it goes on after the last question in the file of answers.
"""

import argparse
import copy
import random
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from marginal import SEED, correct, example, opened, shares
from reader import squad

from bakeoff.contenders.rewriting import Writer
from bakeoff.contenders.spec import Spec
from bakeoff.files import jsonl
from bakeoff.measure.statistics import mean_estimate
from bakeoff.models.load import load_generator
from bakeoff.models.prompts import HYDE, MULTI_QUERY, PromptTemplate
from bakeoff.models.settings import DEFAULT_GENERATOR, LocalModel
from bakeoff.protocols import Contender
from bakeoff.questions.evidence.evidence import evidence_hit
from bakeoff.records import Answer, GenerationSettings, Question
from bakeoff.retrieval.settings import Retrieval

WAYS: dict[str, dict[str, object]] = {
    "plain": {},
    "hyde": {"rewrite": "hyde"},
    "multi-query": {"rewrite": "multi-query"},
    "two rounds": {"iterations": 2},
}
PLAIN = "plain"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("set", choices=("squad", "support-desk"))
    parser.add_argument("--questions", type=int, default=80)
    parser.add_argument("--k", type=int, default=3)
    parser.add_argument("--engine", default="auto", choices=("auto", "openvino", "transformers"))
    parser.add_argument("--model", default=DEFAULT_GENERATOR, help="the model that rewrites and reads")
    parser.add_argument("--writer", help="another model that rewrites, in two more rows; the first one reads")
    parser.add_argument("--answers", type=Path, help="file for all answers, continued if it is there")
    parser.add_argument("--show", type=int, help="print what the model writes for so many questions, and ask nothing")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="rewriting-") as place:
        folder = Path(place)
        documents, questions = squad(folder) if chosen.set == "squad" else example()
        drawn = random.Random(SEED).sample(questions, len(questions))[: chosen.questions]
        model = LocalModel.model_validate({"name": chosen.model, "engine": chosen.engine})
        if chosen.show:
            show(drawn[: chosen.show], model)
            return
        contenders = opened(folder, documents, specs(chosen.k), model)
        if chosen.writer:
            contenders |= rewritten_by(LocalModel.model_validate({"name": chosen.writer}), contenders)
        given = asked(contenders, drawn, chosen.answers or folder / "answers.jsonl")
    print_tables(drawn, given)


def specs(k: int) -> dict[str, Spec]:
    """One `rag` for each way to search."""
    settings = GenerationSettings(max_new_tokens=40)
    return {
        title: Spec(name=title, recipe="rag", retrieval=Retrieval(k=k), generation=settings, options=options)
        for title, options in WAYS.items()
    }


def rewritten_by(writer: LocalModel, contenders: Mapping[str, Contender]) -> dict[str, Contender]:
    """The contenders that rewrite, with another model that does so. No configuration makes these."""
    generator, others = load_generator(writer), {}
    for title in ("hyde", "multi-query"):
        other = copy.copy(contenders[title])
        finder = other._finder = copy.copy(other._finder)  # type: ignore[attr-defined]
        finder._writer = copy.copy(finder._writer)
        finder._writer._generator = generator
        other.name = others_name = f"{title}, {writer.name.rpartition('/')[2]}"
        others[others_name] = other
    return others


def show(questions: Sequence[Question], model: LocalModel) -> None:
    """Prints what the model writes with Bakeoff's own prompts."""
    generator = load_generator(model)
    three = PromptTemplate(system=MULTI_QUERY.system.replace("{n}", "3"), user=MULTI_QUERY.user)
    written = [Writer(generator, template, 96).written(questions) for template in (HYDE, three)]
    for question, passage, wordings in zip(questions, *written, strict=True):
        print(f"Question: {question.text}\n  hyde: {passage.text!r}\n  multi-query: {wordings.text!r}")


def asked(contenders: Mapping[str, Contender], questions: Sequence[Question], path: Path) -> dict[str, list[Answer]]:
    """Every contender's answers, each with its latency, in the order of the questions."""
    answers = {(one.contender, one.question_id): one for one in (jsonl.read(path, Answer) if path.exists() else [])}
    titles = list(contenders)
    for title in titles:
        contenders[title].answer(questions[:1])
    for number, question in enumerate(questions):
        for place in range(len(titles)):
            title = titles[(place + number) % len(titles)]
            if (title, question.id) not in answers:
                begun = time.perf_counter()
                (answer,) = contenders[title].answer([question])
                timed = answer.model_copy(update={"latency_ms": 1000 * (time.perf_counter() - begun)})
                answers[title, question.id] = timed
                jsonl.append(path, [timed])
        print(f"\r{number + 1}/{len(questions)}", end="", file=sys.stderr)
    return {title: [answers[title, question.id] for question in questions] for title in titles}


def print_tables(questions: Sequence[Question], answers: Mapping[str, Sequence[Answer]]) -> None:
    """Shares with their paired differences from the plain search (95 % intervals), then times and tokens."""
    n_unanswerable = sum(not question.answerable for question in questions)
    print(f"\n{len(questions)} questions, {n_unanswerable} of them unanswerable\n")
    print("| search | evidence shown | minus plain | right | minus plain | answerable: declined | other passages |")
    print("|---|---|---|---|---|---|---|")
    facts = {question.id: question.fact for question in questions}
    held = {title: recall(questions, given) for title, given in answers.items()}
    right = {title: correct(questions, given) for title, given in answers.items()}
    for title, given in answers.items():
        cells = [*compared(held, title, facts), *compared(right, title, facts)]
        cells += [f"{shares(questions, given, right[title])[1]:.3f}", f"{moved(given, answers[PLAIN]):.2f}"]
        print(f"| {title} | {' | '.join(cells)} |")
    print("\n| search | time, to plain | ms, median | 95 % below | prompt tokens | new tokens |")
    print("|---|---|---|---|---|---|")
    before = np.array([answer.latency_ms for answer in answers[PLAIN]], float)
    for title, given in answers.items():
        taken = np.array([answer.latency_ms for answer in given], float)
        cells = [f"{np.median(taken / before):.2f}", f"{np.median(taken):.0f}", f"{np.quantile(taken, 0.95):.0f}"]
        cells += [f"{np.mean([answer.usage.prompt_tokens for answer in given]):.0f}"]
        cells += [f"{np.mean([answer.usage.completion_tokens for answer in given]):.1f}"]
        print(f"| {title} | {' | '.join(cells)} |")


def recall(questions: Sequence[Question], answers: Sequence[Answer]) -> dict[str, float]:
    """Whether the passages shown hold the evidence, for questions whose evidence is known."""
    hits = {
        question.id: evidence_hit(question, [hit.chunk for hit in answer.citations])
        for question, answer in zip(questions, answers, strict=True)
        if question.answerable
    }
    return {key: float(hit) for key, hit in hits.items() if hit is not None}


def compared(values: Mapping[str, Mapping[str, float]], title: str, facts: Mapping[str, str]) -> tuple[str, str]:
    """The mean, and the difference from the plain search over the same questions."""
    mean = f"{np.mean(list(values[title].values())):.3f}"
    if title == PLAIN:
        return mean, "-"
    difference = {key: value - values[PLAIN][key] for key, value in values[title].items()}
    estimate = mean_estimate(difference, facts)
    return mean, f"{estimate.value:+.3f} ({estimate.low:+.3f} to {estimate.high:+.3f})"


def moved(given: Sequence[Answer], plain: Sequence[Answer]) -> float:
    """The share of questions that were shown other passages, or in another order, than with the plain search."""
    chunks = [[[hit.chunk.id for hit in answer.citations] for answer in answers] for answers in (given, plain)]
    return float(np.mean([ours != theirs for ours, theirs in zip(*chunks, strict=True)]))


if __name__ == "__main__":
    main()
