"""A month of use of the bundled example: what learning from feedback does, against the same system without it.

    python benchmarks/learning_month.py RUN [--out FOLDER] [--a-week 300] [--weeks 4] [--contender NAME ...]

RUN is a finished run of examples/support-desk. Its winner is deployed three times. In each week users ask by the log's
distribution, in words of their own. In week 3 documents change and one topic that the documents do not cover is asked
three times as often. Of the users 3 % give a thumb, three times as many of those who got a wrong answer; one thumb in
ten is mistaken, and half of those who are not content write the right answer. A reviewer who knows the truth reviews
the week's random sample and what users complained about. One deployment then learns (`bakeoff learn`), one only gets
the documents that changed, and one is left alone with its old documents. Each answers every question of the week, and
all answers are graded. --contender: the rounds build only these.
"""

import argparse
import random
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bakeoff.files import jsonl
from bakeoff.learn.bounds import Limits
from bakeoff.learn.learning import learn
from bakeoff.learn.review.queue import Queue
from bakeoff.learn.review.reviewing import Said, review_of, reviewed
from bakeoff.measure.graded import graded
from bakeoff.measure.score import score_answers
from bakeoff.measure.statistics import graded_share
from bakeoff.records import Answer, Question
from bakeoff.runs.run import Run, open_run
from bakeoff.serve.deployment import Deployment, deploy, open_deployment
from bakeoff.serve.documents.opening import documents_of
from bakeoff.serve.log import Log
from bakeoff.serve.log_entries import LoggedAnswer, Review, Thumb, logged_answer

BEGIN = datetime(2026, 3, 2, 8, tzinfo=UTC)
DRIFT_WEEK = 3
MORE_OF_TOPIC = 3
GIVES_THUMB, ANGRY, MISTAKEN, CORRECTS = 0.03, 3.0, 0.1, 0.5
WAYS = ("{}", "Hello, {}", "{} Thanks!", "Quick one: {}", "Hi there. {} Best regards")
TRAINING_S = 180.0


@dataclass(frozen=True)
class Asked:
    """A question of a user, and the known question that has its answers."""

    id: str
    text: str
    truth: Question
    at: datetime

    def as_question(self) -> Question:
        return self.truth.model_copy(update={"id": self.id, "text": self.text, "split": None})


def week_of(questions: Sequence[Question], number: int, n: int) -> list[Asked]:
    """What users ask in a week: known questions by how often they are asked, in words of their own."""
    rng = random.Random(number)
    after = number >= DRIFT_WEEK
    changed = {question.fact for question in questions if question.slice == "changed"}
    pool = [q for q in questions if q.slice != "general" and (q.slice == "changed") <= after]
    if after:  # the old answers of facts that changed are no longer right
        pool = [q for q in pool if q.slice == "changed" or q.fact not in changed]
    weights = [q.asked * (MORE_OF_TOPIC if after and not q.answerable else 1) for q in pool]
    begin = BEGIN + timedelta(weeks=number - 1)
    return [
        Asked(f"w{number}q{i}", rng.choice(WAYS).format(truth.text), truth, begin + timedelta(minutes=20 * i))
        for i, truth in enumerate(rng.choices(pool, weights, k=n))
    ]


def answers_of(deployment: Deployment, asked: Sequence[Asked]) -> list[Answer]:
    """What the deployment's live contender answers, with its documents as they are."""
    contender = deployment.world.open(deployment.release.contender)
    return contender.answer([one.as_question() for one in asked])


def right_of(asked: Sequence[Asked], answers: Sequence[Answer]) -> dict[str, float]:
    """How right each answer is, by id; .5 if it can be called neither right nor wrong."""
    scores = score_answers([one.as_question() for one in asked], answers)
    return {score.question_id: score.value or 0.0 for score in scores if score.measure == "correct"}


def log_week(log: Log, deployment: Deployment, asked: Sequence[Asked], answers: Sequence[Answer]) -> None:
    """Writes what a server would write: the answers, and what users thought of them."""
    right, rng = right_of(asked, answers), random.Random(asked[0].id)
    for one, answer in zip(asked, answers, strict=True):
        served = {
            "id": one.id,
            "at": one.at,
            "key_id": f"user-{rng.randrange(200)}",
            "release": deployment.release.number,
            "documents_version": deployment.world.store.version,
        }
        log.append(logged_answer(answer, one.text, **served))
        is_wrong = right.get(one.id, 0.0) < 0.5
        if rng.random() < GIVES_THUMB * (ANGRY if is_wrong else 1):
            up = is_wrong if rng.random() < MISTAKEN else not is_wrong
            corrects = not up and one.truth.answers and rng.random() < CORRECTS
            correction = one.truth.answers[0] if corrects else None
            log.append(Thumb(answer=one.id, up=up, right_answer=correction, at=one.at + timedelta(minutes=1)))


def review_week(log: Log, asked: Sequence[Asked], number: int) -> int:
    """Reviews the random sample of the week and what users complained about, with the truth; gives how many."""
    by_id = {one.id: one for one in asked}
    answers = {answer.id: answer for answer in log.entries(LoggedAnswer) if answer.id in by_id}
    drawn = Queue(log, at=BEGIN + timedelta(weeks=number)).drawn()
    sampled = [key for of in drawn for key in of.answers if key in by_id]
    complained = {thumb.answer for thumb in log.entries(Thumb) if thumb.answer in by_id and not thumb.up}
    for key in sorted({*sampled} | complained):
        log.append(_review(answers[key], by_id[key], key in sampled, len(sampled)))
    return len({*sampled} | complained)


def _review(answer: LoggedAnswer, one: Asked, is_sampled: bool, n_drawn: int) -> Review:
    """What a reviewer who knows the truth says."""
    truth = one.truth
    sources = tuple(dict.fromkeys(span.source for span in truth.source_spans))
    said = Said("correct" if truth.answers else "unanswerable", truth.answers, truth.text, documents=sources)
    return review_of(answer, said, "reviewer", is_sampled, n_drawn if is_sampled else 0)


def update_documents(run: Run, deployment: Deployment) -> None:
    """The new versions of documents that the run's update had."""
    from bakeoff.corpus.sources.folders import read_documents

    updates = run.folder.config().updates
    assert updates is not None
    with documents_of(deployment) as live:
        live.put_all(read_documents(updates.documents).documents)


def share(asked: Sequence[Asked], right: dict[str, float]) -> str:
    of = graded_share(graded({one.id: right[one.id] for one in asked if one.id in right}),
                      {one.id: one.truth.fact for one in asked})  # fmt: skip
    return f"{100 * (of.value or 0):.0f} % ({100 * (of.low or 0):.0f} to {100 * (of.high or 0):.0f})"


LEARNING, UPDATED, ALONE = "learning", "updated", "alone"


def served(roots: dict[str, Path], asked: Sequence[Asked]) -> dict[str, list[Answer]]:
    """What each deployment answers. Those with the same contender and documents give the same answers, once."""
    found: dict[tuple[str, int, int], list[Answer]] = {}
    answers: dict[str, list[Answer]] = {}
    for name, root in roots.items():
        deployment = open_deployment(root)
        with documents_of(deployment):
            release = deployment.release
            same = (release.contender, release.number, deployment.world.store.version)
            if same not in found:
                found[same] = answers_of(deployment, asked)
        answers[name] = found[same]
    return answers


def learned_from(
    root: Path, asked: Sequence[Asked], answers: Sequence[Answer], number: int, limits: Limits
) -> tuple[int, str]:
    """Logs and reviews a week, then learns: how many answers were reviewed, and what the round did."""
    live = open_deployment(root)
    with Log(live.log_path) as log:
        log_week(log, live, asked, answers)
        n_reviewed = review_week(log, asked, number)
        learned = learn(root, reviewed(log), limits)
    tried = learned.candidate or "none"
    return n_reviewed, f"{tried}: {learned.decision.outcome}. {learned.decision.reason}"


def month(run: Run, out: Path, a_week: int, weeks: int, limits: Limits) -> Iterator[str]:
    """The rows of the table, one for each week."""
    questions = jsonl.read(run.folder.splits_path, Question)
    roots = {name: out / name for name in (LEARNING, UPDATED, ALONE)}
    for root in roots.values():
        shutil.rmtree(root, ignore_errors=True)
        deploy(run, root)
    yield "| week | served | learning | documents only | left alone | reviewed | candidate, and what the gate said |"
    yield "|---|---|---|---|---|---|---|"
    for number in range(1, weeks + 1):
        if number == DRIFT_WEEK:
            for name in (LEARNING, UPDATED):
                update_documents(run, open_deployment(roots[name]))
        asked = week_of(questions, number, a_week)
        release = open_deployment(roots[LEARNING]).release
        answers = served(roots, asked)
        shares = " | ".join(share(asked, right_of(asked, answers[name])) for name in roots)
        n_reviewed, said = learned_from(roots[LEARNING], asked, answers[LEARNING], number, limits)
        yield f"| {number} | {release.number}: {release.contender} | {shares} | {n_reviewed} | {said} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path)
    parser.add_argument("--out", type=Path, default=Path("month"))
    parser.add_argument("--a-week", type=int, default=300)
    parser.add_argument("--weeks", type=int, default=4)
    parser.add_argument("--contender", action="append", default=[])
    given = parser.parse_args()
    limits = Limits(contenders=tuple(given.contender), training_seconds=TRAINING_S)
    run = open_run(str(given.run), given.run.parent)
    for line in month(run, given.out, given.a_week, given.weeks, limits):
        print(line, flush=True)


if __name__ == "__main__":
    main()
