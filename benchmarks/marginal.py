"""RAG-Token and RAG-Sequence beside `rag`, which shows the same passages in one prompt: accuracy, latency, tokens.

    BAKEOFF_DATA=... python benchmarks/marginal.py squad
    python benchmarks/marginal.py support-desk --questions 100

Asks a fixed draw of questions about four SQuAD articles on which the default model was not trained, or of those of the
bundled example. Every question is asked alone, of one contender after the other, in an order that turns with each
question, so that all meet the same load of the machine. No threshold, the default presentation. The rules grade.
"""

import argparse
import random
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from reader import squad

from bakeoff.contenders.built import Fitted
from bakeoff.contenders.load import make_recipe
from bakeoff.contenders.spec import Spec
from bakeoff.contenders.world import WorldFolder
from bakeoff.corpus.sources.folders import read_documents
from bakeoff.files import jsonl
from bakeoff.measure.score import score_answers
from bakeoff.measure.statistics import mean_estimate
from bakeoff.models.settings import DEFAULT_EMBEDDER, DEFAULT_GENERATOR, LocalModel
from bakeoff.protocols import Contender
from bakeoff.questions.evidence.evidence import evidence_hit
from bakeoff.questions.evidence.locate import locate_evidence
from bakeoff.questions.read import read_questions
from bakeoff.records import Answer, Document, GenerationSettings, Question
from bakeoff.retrieval.settings import Retrieval

EXAMPLE = Path(__file__).parents[1] / "examples" / "support-desk"
SEED = 5


def specs(k: int) -> dict[str, Spec]:
    """The contenders that are compared, by what the table calls them."""

    def spec(like: str, k: int = k, **options: object) -> Spec:
        settings = GenerationSettings(max_new_tokens=40)
        return Spec(name=like, recipe=like, retrieval=Retrieval(k=k), generation=settings, options=options)

    return {
        f"rag k {k}": spec("rag"),
        "rag k 1": spec("rag", 1),
        f"rag-token k {k}": spec("rag-token"),
        f"rag-sequence k {k}": spec("rag-sequence"),
        f"rag-sequence k {k}, fast": spec("rag-sequence", decoding="fast"),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("set", choices=("squad", "support-desk"))
    parser.add_argument("--questions", type=int, default=150)
    parser.add_argument("--k", type=int, default=3)
    parser.add_argument("--engine", default="auto", choices=("auto", "openvino", "transformers"))
    parser.add_argument("--answers", type=Path, help="file for all answers")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="marginal-") as place:
        folder = Path(place)
        documents, questions = squad(folder) if chosen.set == "squad" else example()
        drawn = random.Random(SEED).sample(questions, min(chosen.questions, len(questions)))
        generator = LocalModel.model_validate({"name": DEFAULT_GENERATOR, "engine": chosen.engine})
        contenders = opened(folder, documents, specs(chosen.k), generator)
        answers = asked(contenders, drawn)
    if chosen.answers:
        jsonl.write(chosen.answers, [answer for given in answers.values() for answer in given])
    print_tables(drawn, answers, f"rag k {chosen.k}")


def example() -> tuple[list[Document], list[Question]]:
    """The bundled example's documents and questions, one phrasing of each fact."""
    documents = list(read_documents([EXAMPLE / "documents"]).documents)
    questions = locate_evidence(read_questions([EXAMPLE / "questions.csv"]), documents)[0]
    return documents, list({question.fact: question for question in questions}.values())


def opened(
    folder: Path, documents: Sequence[Document], wanted: Mapping[str, Spec], generator: LocalModel
) -> dict[str, Contender]:
    """The contenders, in a world of these documents and this model."""
    world = WorldFolder(folder / "world", {"generator": generator, "embedder": LocalModel(name=DEFAULT_EMBEDDER)})
    (folder / "world").mkdir()
    world.store.replace_all(documents)
    world.index(Retrieval()).sync(world.store)
    return {title: make_recipe(spec).open(world, Fitted()) for title, spec in wanted.items()}


def asked(contenders: Mapping[str, Contender], questions: Sequence[Question]) -> dict[str, list[Answer]]:
    """Every contender's answers, each with its latency."""
    answers: dict[str, list[Answer]] = {title: [] for title in contenders}
    titles = list(contenders)
    for title in titles:
        contenders[title].answer(questions[:1])
    for number, question in enumerate(questions):
        for place in range(len(titles)):
            title = titles[(place + number) % len(titles)]
            begun = time.perf_counter()
            (answer,) = contenders[title].answer([question])
            latency = 1000 * (time.perf_counter() - begun)
            answers[title].append(answer.model_copy(update={"latency_ms": latency}))
        print(f"\r{number + 1}/{len(questions)}", end="", file=sys.stderr)
    return answers


def print_tables(questions: Sequence[Question], answers: Mapping[str, Sequence[Answer]], baseline: str) -> None:
    """Both tables."""
    n_unanswerable = sum(not question.answerable for question in questions)
    print(f"\n{len(questions)} questions, {n_unanswerable} of them unanswerable\n")
    print_shares(questions, answers, baseline)
    print_times(answers, baseline)


def print_shares(questions: Sequence[Question], answers: Mapping[str, Sequence[Answer]], baseline: str) -> None:
    """Shares, and differences from the baseline over the same questions with 95 % intervals."""
    values = {title: correct(questions, given) for title, given in answers.items()}
    facts = {question.id: question.fact for question in questions}
    titles = ["contender", "right", f"minus {baseline}", "answerable: right", "declined", "unanswerable: declined"]
    print(f"| {' | '.join([*titles, 'evidence cited first', 'retrieved first'])} |")
    print("|---|---|---|---|---|---|---|---|")
    for title, given in answers.items():
        difference = {key: value - values[baseline][key] for key, value in values[title].items()}
        estimate = mean_estimate(difference, facts)
        against = f"{estimate.value:+.3f} ({estimate.low:+.3f} to {estimate.high:+.3f})" if title != baseline else "-"
        cells = [f"{np.mean(list(values[title].values())):.3f}", against]
        cells += [f"{share:.3f}" for share in shares(questions, given, values[title])]
        print(f"| {title} | {' | '.join(cells)} |")


def print_times(answers: Mapping[str, Sequence[Answer]], baseline: str) -> None:
    """Latencies, their median ratio to the baseline's for the same question, tokens, and how often the texts agree."""
    print(
        f"\n| contender | ms, median | 95 % below | to {baseline} | prompt tokens | new tokens | tokens/s | same text |"
    )
    print("|---|---|---|---|---|---|---|---|")
    before = np.array([answer.latency_ms for answer in answers[baseline]], float)
    for title, given in answers.items():
        taken = np.array([answer.latency_ms for answer in given], float)
        prompt = np.array([answer.usage.prompt_tokens for answer in given])
        new = np.array([answer.usage.completion_tokens for answer in given])
        same = np.mean([a.text == b.text for a, b in zip(given, answers[baseline], strict=True)])
        cells = [f"{np.median(taken):.0f}", f"{np.quantile(taken, 0.95):.0f}", f"{np.median(taken / before):.2f}"]
        cells += [f"{prompt.mean():.0f}", f"{new.mean():.1f}", f"{1000 * (prompt + new).sum() / taken.sum():.0f}"]
        print(f"| {title} | {' | '.join(cells)} | {same:.2f} |")


def correct(questions: Sequence[Question], answers: Sequence[Answer]) -> dict[str, float]:
    """Whether each question was answered correctly, or declined where there is no answer."""
    scores = score_answers(questions, answers)
    return {one.question_id: one.value for one in scores if one.measure == "correct" and one.value is not None}


def shares(questions: Sequence[Question], answers: Sequence[Answer], right: Mapping[str, float]) -> list[float]:
    """Of the answerable questions: right, declined. Of the others: declined. Of the answerable ones that were answered:
    evidence in what is cited first, and in what was retrieved first."""
    pairs = list(zip(questions, answers, strict=True))
    answerable = [(question, answer) for question, answer in pairs if question.answerable]
    answered = [(question, answer) for question, answer in answerable if not answer.abstained and answer.citations]
    cited = [evidence_hit(question, [answer.citations[0].chunk]) for question, answer in answered]
    retrieved = [
        evidence_hit(question, [min(answer.citations, key=lambda hit: hit.rank).chunk]) for question, answer in answered
    ]
    return [
        float(np.mean([right[question.id] for question, _ in answerable])),
        float(np.mean([answer.abstained for _, answer in answerable])),
        float(np.mean([answer.abstained for question, answer in pairs if not question.answerable])),
        *(float(np.mean([hit for hit in hits if hit is not None])) for hits in (cited, retrieved)),
    ]


if __name__ == "__main__":
    main()
