"""The laws that need trainings of their own: paraphrases, distractors, forgetting, new facts, popularity.

Each takes a folder for its tuned models and a seed, and gives graded answers. With another seed it has other people,
other draws and another start of training. What the answers are compared for is in `literature`.
"""

import random
from pathlib import Path

from bakeoff.grading.abstention import is_abstention
from bakeoff.measure.score import rightness
from bakeoff.models.prompts import GROUNDED
from bakeoff.models.reader import READER
from bakeoff.records import Hit, Question
from bakeoff.tuning.examples import grounded_examples
from bakeoff.tuning.packing import Example

from .known import invented, real
from .rule import Outcome
from .trials import K, Passages, asked, exposed, tuned
from .world import N_WORDINGS, Person, people

N_PEOPLE, EXPOSURES = 20, 12
"""People of law 1, and how often each of their facts is trained, in whatever wording."""
TIMES = (1, 4, 16)
N_OF_EACH = 16
"""How often the facts of law 6's people are trained, and how many people there are for each number."""
N_READ = 60
"""People of law 3: half are trained on, half are asked about."""
N_KNOWN = 32
"""Facts of law 5 that are trained in each arm."""


def person_of(question: Question) -> str:
    """The person a question is about: several questions about one are drawn together."""
    return question.fact.split("/")[0]


def paraphrases(folder: Path, seed: int) -> list[Outcome]:
    """Law 1: the same facts in one wording and in five, for the same number of steps; asked in a sixth wording."""
    world = people(N_PEOPLE, seed=1 + seed)
    outcomes = []
    for n in (1, N_WORDINGS):
        questions = [question for wording in range(n) for person in world for question in person.questions(wording)]
        model = tuned(exposed(questions, N_PEOPLE * 4 * EXPOSURES, seed), folder / f"wordings-{n}", seed)
        outcomes += asked(f"{n} wordings", _held_out(world), model, unit=person_of)
        outcomes += asked(f"{n} wordings, as trained", _in_wording(world, 0), model, unit=person_of)
    return outcomes


def _held_out(world: list[Person]) -> list[Question]:
    return [question for person in world for question in person.questions(None)]


def _in_wording(world: list[Person], wording: int) -> list[Question]:
    return [question for person in world for question in person.questions(wording)]


def popularity(folder: Path, seed: int) -> list[Outcome]:
    """Law 6: people whose facts are trained 1, 4 or 16 times; asked closed-book, and with retrieved passages."""
    world = people(N_OF_EACH * len(TIMES), seed=6 + seed)
    retriever = Passages([person.passage for person in world])
    examples: list[Question] = []
    for number, person in enumerate(world):
        times = TIMES[number % len(TIMES)]
        examples += [question for i in range(times) for question in person.questions(i % N_WORDINGS)]
    model = tuned(exposed(examples, len(examples), seed), folder / "exposed", seed)
    outcomes = []
    for number, times in enumerate(TIMES):
        questions = _held_out(world[number :: len(TIMES)])
        outcomes += asked(f"closed {times}", questions, model, unit=person_of)
        outcomes += asked(f"retrieval {times}", questions, retriever=retriever, model=READER, unit=person_of)
    return outcomes


def new_facts(folder: Path, seed: int) -> list[Outcome]:
    """Law 5: as many facts that the model knows as facts that nobody can; asked about known facts left out of both."""
    untaught = asked("untaught", real(), value=wrong)
    known = answered(real(), untaught)
    random.Random(5 + seed).shuffle(known)
    n = min(N_KNOWN, len(known) // 2)
    trained, held_out = known[:n], known[n:]
    sets = {"known": trained, "new": invented(trained, seed=5 + seed)}
    outcomes = [one for one in untaught if one.question in {question.text for question in held_out}]
    for arm, questions in sets.items():
        model = tuned(exposed(questions, n * EXPOSURES, seed), folder / arm, seed)
        outcomes += asked(arm, held_out, model, value=wrong)
        outcomes += asked(f"{arm}, as trained", questions, model)
    return words_apart(outcomes)


def answered(questions: list[Question], outcomes: list[Outcome]) -> list[Question]:
    """The questions that were answered correctly: one that was declined is not wrong, but it is not known either."""
    pairs = zip(questions, outcomes, strict=True)
    return [question for question, outcome in pairs if rightness(question, outcome.text) == 1]


def words_apart(outcomes: list[Outcome]) -> list[Outcome]:
    """The same with arms of their own for opposites: these are relations of words, and no facts about the world."""
    return [
        one.model_copy(update={"arm": f"{one.arm}, opposites"}) if one.unit.startswith("opposite/") else one
        for one in outcomes
    ]


def wrong(question: Question, text: str) -> float:
    """1 for a wrong answer that does not decline, 0 for a right one or one that declines, else a half."""
    return 0.0 if is_abstention(text) else 1 - rightness(question, text)


class _Gold(Passages):
    """Finds only the passage that answers."""

    def __init__(self, world: list[Person]) -> None:
        self._of = {question.text: person for person in world for question in _in_all_wordings(person)}

    def search(self, queries: list[str], k: int) -> list[list[Hit]]:  # type: ignore[override]
        return [[Hit(chunk=self._of[query].passage, score=1.0, rank=1)] for query in queries]


def _in_all_wordings(person: Person) -> list[Question]:
    return [question for wording in range(N_WORDINGS) for question in person.questions(wording)]


def distractors(folder: Path, seed: int) -> list[Outcome]:
    """Law 3: tuned to answer from the right passage alone, or among two others; asked with two others in sight."""
    world = people(N_READ, seed=3 + seed)
    retriever = Passages([person.passage for person in world])
    trained, others = world[: N_READ // 2], world[N_READ // 2 :]
    outcomes = asked("untaught", _held_out(others), retriever=retriever, unit=person_of)
    for arm, shown in (("alone", _Gold(trained)), ("distractors", retriever)):
        questions = [question for i, person in enumerate(trained) for question in person.questions(i % N_WORDINGS)]
        model = tuned(_read(questions, shown), folder / arm, seed)
        outcomes += asked(arm, _held_out(others), model, retriever, unit=person_of)
    return outcomes


def _read(questions: list[Question], shown: Passages) -> list[Example]:
    return grounded_examples(
        questions, shown, GROUNDED, K, 0.0, 3, lambda question, passages: len(passages), share=False
    )


def forgetting(folder: Path, seed: int) -> list[Outcome]:
    """Law 4: all weights and LoRA tuned on the five wordings of law 1; asked what the untaught model knew."""
    world = people(N_PEOPLE, seed=1 + seed)
    questions = [one for wording in range(N_WORDINGS) for person in world for one in person.questions(wording)]
    examples = exposed(questions, N_PEOPLE * 4 * EXPOSURES, seed)
    outcomes = asked("untaught", real())
    for method, name in (("lora", f"wordings-{N_WORDINGS}"), ("full", "full")):
        model = tuned(examples, folder / name, seed, method)
        outcomes += asked(method, real(), model)
        outcomes += asked(f"{method}, learned", _held_out(world), model, unit=person_of)
    return outcomes
