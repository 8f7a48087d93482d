"""How passages are shown is chosen on dev by one rule, stored with the contender, and asked once."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from bakeoff.contenders.grounded import Grounded
from bakeoff.contenders.rag import Rag
from bakeoff.contenders.spec import Defaults, Entry, Spec, resolve
from bakeoff.errors import ConfigError
from bakeoff.measure.value import value_of
from bakeoff.models.prompts import GROUNDED, Prompts, PromptTemplate, plain
from bakeoff.models.settings import LocalModel
from bakeoff.pilot.present import MOST_CHANGES, MOST_QUESTIONS, asked_on, choose
from bakeoff.pilot.run import run
from bakeoff.records import GenerationSettings
from bakeoff.retrieval.presentation import ASPECTS, Presentation
from bakeoff.runs.config import load_config
from tests.end_to_end.small import make
from tests.unit.fakes import FakeGenerator, FakeRetriever, answer, chunk, question

DEV = [question(str(i)) for i in range(40)]
OPEN = Spec(name="rag", recipe="rag", to_choose=ASPECTS)


class Asked:
    """Gives each presentation right answers to a share of the questions, and counts what it is asked."""

    def __init__(self, right) -> None:
        self.right = right
        self.n = 0
        self.seen: dict[Presentation, int] = {}

    def __call__(self, presentation, questions) -> Mapping[str, float]:
        self.n += len(questions) - self.seen.get(presentation, 0)
        self.seen[presentation] = len(questions)
        share = self.right(presentation)
        return {item.id: float(int(item.id) % 10 < 10 * share) for item in questions}


def test_changes_that_help_are_taken_one_after_another():
    """The later ones are tried on top of the earlier ones, so that they add up."""

    def right(presentation: Presentation) -> float:
        return 0.2 + 0.3 * (presentation.order == "best_last") + 0.3 * (presentation.passages == 1)

    asked = Asked(right)
    choice = choose(OPEN, DEV, asked)
    assert choice.presentation == Presentation(order="best_last", passages=1)
    assert choice.n_questions == 40 and choice.tried[0].presentation == Presentation()
    assert [tried.value for tried in choice.tried][:2] == pytest.approx([0.2, 0.5])
    assert asked.n <= MOST_QUESTIONS * (1 + MOST_CHANGES)


def test_what_is_not_ahead_early_is_dropped_and_nothing_is_taken_by_chance():
    """Equal values change nothing; each change costs 20 answers only."""
    asked = Asked(lambda presentation: 0.5)
    assert choose(OPEN, DEV, asked).presentation == Presentation()
    assert asked.n == 40 + 5 * 20 and set(asked.seen.values()) == {40, 20}


def test_a_gain_within_one_standard_error_is_not_taken():
    """One question more of forty is no reason."""

    def ask(presentation, questions):
        extra = presentation.order == "best_last"
        return {item.id: float(int(item.id) % 2 or (extra and item.id == "0")) for item in questions}

    assert choose(OPEN, DEV, ask).presentation == Presentation()


@pytest.mark.parametrize(("k", "tried"), [(3, [1, 5]), (48, [1, 50]), (49, [1, 50]), (50, [1])])
def test_every_presentation_that_is_tried_can_be_read_back(k, tried):
    """Up to the most passages that can be shown: what is stored in choice.json is valid."""
    changes = [change for aspect in ASPECTS for change in Presentation().changed(aspect, k)]
    assert [change.passages for change in Presentation().changed("passages", k)] == tried
    assert [Presentation.model_validate_json(change.model_dump_json()) for change in changes] == changes


def test_what_the_configuration_decides_is_left_alone():
    """Only open aspects are tried, and a prompt of one's own has no plainer one."""
    asked = Asked(lambda presentation: 0.9 if presentation != Presentation() else 0.1)
    own = Prompts(grounded=PromptTemplate(system="mine", user="{passages} {question}"))
    spec = OPEN.model_copy(update={"prompts": own, "to_choose": ("headings", "prompt")})
    assert choose(spec, DEV, asked).presentation == Presentation(headings=False)
    assert all(one.order == "best_first" and one.prompt == "usual" for one in asked.seen)


def test_entries_say_what_is_open():
    """By default everything; a number of passages of its own, or a presentation, is the contender's own choice."""
    models = {"generator": LocalModel(name="scripted"), "embedder": LocalModel(name="hash")}
    entries = [
        Entry(like="rag"),
        Entry(name="wide", like="rag", retrieval={"k": 8}),
        Entry(name="last", like="rag", presentation={"order": "best_last"}),
        Entry(name="still", like="rag", presentation="fixed"),
    ]
    rag, wide, last, still = resolve(entries, Defaults(to_choose=ASPECTS), models)
    assert rag.to_choose == ASPECTS and "passages" not in wide.to_choose and "order" in wide.to_choose
    assert (last.presentation.order, last.to_choose) == ("best_last", ())
    assert (still.presentation, still.to_choose) == (Presentation(), ())
    with pytest.raises(ConfigError, match=r"presentation\.order"):
        resolve([Entry(like="rag", presentation={"order": "random"})], Defaults(), models)


def test_passages_are_shown_as_the_presentation_says():
    """The best of them fit first, whatever the order; citations stay best first."""
    generator = FakeGenerator()
    chunks = [chunk(name, f"text {name}", heading=f"Title {name}") for name in "abc"]
    for presentation, shown in (
        (Presentation(), "Title a\ntext a\n\nTitle b\ntext b"),
        (Presentation(order="best_last"), "Title b\ntext b\n\nTitle a\ntext a"),
        (Presentation(order="best_last", headings=False), "text b\n\ntext a"),
    ):
        settings = GenerationSettings(max_new_tokens=8)
        rag = Grounded("rag", FakeRetriever(chunks), generator, GROUNDED, 2, settings, None, presentation)
        found = rag.answer([question("q", "what?")])[0]
        assert generator.prompts[-1].messages[1].content == f"{shown}\n\nQuestion: what?"
        assert [hit.chunk.source for hit in found.citations] == ["a", "b"]


def test_the_plainer_prompt_is_that_of_the_same_length():
    """The spec gives it in place of the run's; one of the team's own stays."""
    plainly = OPEN.model_copy(update={"presentation": Presentation(prompt="plain")})
    assert OPEN.grounded == GROUNDED and plainly.grounded == plain("short")
    own = Prompts(grounded=PromptTemplate(system="mine", user="{passages} {question}"))
    assert plainly.model_copy(update={"prompts": own}).grounded == own.grounded


def test_answers_are_valued_by_the_profiles_penalty():
    """Right 1, declined 0, wrong the penalty; what cannot be answered is to be declined."""
    known, unknown = question("a", answers=["yes"]), question("b", answers=[])
    assert [value_of(known, answer("a", text), 2.0) for text in ("yes", "no")] == [1.0, -2.0]
    assert value_of(known, answer("a", "yes", abstained=True), 2.0) == 0.0
    assert [value_of(unknown, answer("b", "yes", abstained=declined), 2.0) for declined in (True, False)] == [1, -2]


def test_one_phrasing_of_a_fact_is_asked():
    """At most forty, drawn by the seed, none of general knowledge."""
    dev = [question(f"{fact}-{i}", fact=str(fact)) for fact in range(60) for i in range(3)]
    dev.append(question("g", slice="general"))
    drawn = asked_on(dev, 7)
    assert len(drawn) == len({item.fact for item in drawn}) == 40 and "g" not in {item.id for item in drawn}
    assert drawn == asked_on(dev, 7) != asked_on(dev, 8)


def counting_reader():
    """The reader of the small pilot, which reads the last passage only; notes every prompt in a file."""
    import os

    from tests.end_to_end.small import reader

    generator = reader()
    inner = generator._script

    def reply(message: str) -> str:
        with Path(os.environ["PROMPTS_FILE"]).open("a") as file:
            file.write(json.dumps(message) + "\n")
        *passages, asked = message.strip().split("\n\n")
        return inner(f"{passages[-1]}\n{asked}" if passages else message)

    generator._script = reply
    return generator


@pytest.fixture
def prompts(tmp_path, monkeypatch) -> Path:
    """The file of all prompts."""
    monkeypatch.setenv("PROMPTS_FILE", str(tmp_path / "prompts.jsonl"))
    return tmp_path / "prompts.jsonl"


def pilot(folder: Path, **more) -> Path:
    """A pilot whose model reads only the last passage of its prompt."""
    models = {"generator": "tests.unit.test_present.counting_reader", "embedder": "hash"}
    split = {"test": 0.3, "dev": 0.4}
    return make(folder, **{"models": models, "split": split, "contenders": ["rag", "long-context"], **more})


def test_a_run_chooses_stores_shows_and_reuses(tmp_path, prompts):
    """A model that reads the last passage gets the best one last (or alone); what is served is what was measured."""
    notes: list[str] = []
    path = pilot(tmp_path)
    finished = run(path, runs=tmp_path / "runs", listener=lambda event: notes.append(event.note))
    folder = finished.folder
    spec = json.loads((folder.root / "contenders" / "rag" / "contender.json").read_text())["spec"]
    chosen = Presentation.model_validate(spec["presentation"])
    assert chosen.order == "best_last" or chosen.passages == 1
    assert any("extra answers" in note for note in notes)
    entrant = finished.comparison.entrant("rag")
    assert f"chosen on {spec['chosen_on']} dev questions" in entrant.presentation
    assert entrant.presentation in (folder.root / "report.md").read_text()
    (group,) = (folder.root / "presentation").iterdir()
    assert any(part == f"presentation:{group.name}" for part in entrant.parts)
    asked = prompts.read_text().splitlines()
    dev = [question for question in folder.questions() if question.split == "dev"]
    assert len(folder.answers("rag", "dev")) == len(dev)
    (folder.verdict_path).unlink()
    (group / "choice.json").unlink()
    again = run(path, runs=tmp_path / "runs", resume=True)
    assert again.comparison.entrant("rag").presentation == entrant.presentation
    assert len(prompts.read_text().splitlines()) - len(asked) <= 1  # whether the model gives log-probabilities


class Wrapped(Rag):
    """A team's own way to answer: it says everything twice."""

    def open(self, world, fitted, given=None):
        inner = super().open(world, fitted, given)

        class Twice:
            name = inner.name

            def answer(self, questions):
                return [
                    answer.model_copy(update={"text": f"{answer.text} {answer.text}"})
                    for answer in inner.answer(questions)
                ]

        return Twice()


def test_a_recipe_of_ones_own_gives_its_dev_answers_itself(tmp_path, prompts):
    """It shows passages as chosen, but the reader's answers are not its own, and its threshold is fitted to its own."""
    entry = {"name": "twice", "like": "tests.unit.test_present.Wrapped"}
    finished = run(pilot(tmp_path, contenders=[entry]), runs=tmp_path / "runs")
    given = [answer.text for answer in finished.folder.answers("twice", "dev")]
    assert (finished.folder.root / "presentation").exists()
    assert given and all(text[: len(text) // 2] == text[len(text) // 2 + 1 :] for text in given)


def test_a_fixed_presentation_asks_nothing_more(tmp_path, prompts):
    """The run shows passages as they are retrieved, or as it says."""
    fixed = run(pilot(tmp_path / "a", presentation="fixed"), runs=tmp_path / "runs")
    assert not (fixed.folder.root / "presentation").exists()
    assert fixed.comparison.entrant("rag").presentation == "best passage first, 3 passages, with headings"
    given = load_config(pilot(tmp_path / "b", presentation={"headings": False}))
    assert given.specs[0].presentation == Presentation(headings=False) and given.specs[0].to_choose == ()
