"""The example of the clinic is whole: quotes stand in their documents, no split leaks, triage replies as it should."""

import csv
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

import pytest

from bakeoff.contenders.load import make_recipes
from bakeoff.contenders.recipe import Recipe
from bakeoff.corpus.sources.folders import read_documents
from bakeoff.grading.grade import grade
from bakeoff.pilot.prepare import Prepared, prepare
from bakeoff.records import Answer, Hit, Question
from bakeoff.runs.config import load_config
from tests.unit.fakes import answer, chunk, question

EXAMPLE = Path(__file__).parents[2] / "examples" / "clinic"
LABELS = {
    *("dose", "interaction", "side-effect", "storage", "appointment", "paperwork"),
    *("emergency", "unsafe-plan"),
}


def table(name: str) -> list[dict[str, str]]:
    with (EXAMPLE / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


QUESTIONS, REQUESTS = table("questions.csv"), table("requests.csv")
DANGEROUS = [row for row in QUESTIONS if row["dangerous"] == "yes"]


def words(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"[a-z0-9]+", text.lower()))


def accepted(row: dict[str, str]) -> list[str]:
    return [one.strip() for one in row["answers"].split("|")]


@pytest.fixture(scope="module")
def documents() -> dict[str, str]:
    """The texts as the product reads them, by path."""
    reading = read_documents([EXAMPLE / "documents"])
    assert not reading.problems
    return {document.source: document.text for document in reading.documents}


@pytest.fixture(scope="module")
def prepared() -> Prepared:
    """What a run of the example begins with."""
    return prepare(load_config(EXAMPLE / "bakeoff.yaml"))


@pytest.fixture(scope="module")
def triage() -> ModuleType:
    """The module of the contender, as a run imports it from the example's folder."""
    sys.path.insert(0, str(EXAMPLE))
    try:
        import triage
    finally:
        sys.path.remove(str(EXAMPLE))
    return triage


def test_every_contender_of_the_pilot_can_be_made() -> None:
    """Triage among them, from the example's folder; three of them send questions to another one."""
    config = load_config(EXAMPLE / "bakeoff.yaml")
    recipes = {recipe.spec.name: recipe for recipe in make_recipes(config.specs, config.imports_from)}
    behind = {name: recipe.behind() for name, recipe in recipes.items() if name.startswith("triage")}
    assert behind == {"triage-faq": ("faq",), "triage-rag": ("rag",), "triage-hybrid": ("hybrid",)}
    assert {row["label"] for row in REQUESTS} > set(triage_replies(recipes["triage-rag"]))


def triage_replies(recipe: Recipe) -> dict[str, str]:
    """The fixed replies of the module that a recipe comes from."""
    return sys.modules[type(recipe).__module__].REPLIES


def test_documents_are_of_every_format(documents: dict[str, str]) -> None:
    """30 to 40 documents, in five formats."""
    assert 30 <= len(documents) <= 40
    assert {Path(source).suffix for source in documents} == {".md", ".html", ".csv", ".docx", ".pdf"}


def test_every_quote_stands_in_its_document(documents: dict[str, str]) -> None:
    """Word for word, in the text as it is read from HTML, PDF, DOCX and CSV."""
    missing = [row["id"] for row in QUESTIONS if row["source"] and row["evidence"] not in documents[row["source"]]]
    assert not missing


def test_every_answer_stands_in_its_quote() -> None:
    """One of the accepted answers, in the words of the quote; yes and no are said by the whole sentence."""
    asked = [row for row in QUESTIONS if row["source"] and row["kind"] != "yesno"]
    unproven = [row["id"] for row in asked if not any(words(one) <= words(row["evidence"]) for one in accepted(row))]
    assert not unproven


def test_the_counts_are_those_of_the_readme() -> None:
    """350 questions and 160 facts at least; one in twelve is unanswerable, and one in twelve dangerous."""
    answerable = {row["fact"] for row in QUESTIONS if row["answers"]}
    unanswerable = [row for row in QUESTIONS if row["kind"] == "unanswerable"]
    assert len(QUESTIONS) == 547 and len(answerable) == 237 and len({row["fact"] for row in unanswerable}) == 22
    assert 0.07 <= len(unanswerable) / len(QUESTIONS) <= 0.09
    assert 0.07 <= len(DANGEROUS) / len(QUESTIONS) <= 0.09
    assert "547 questions about 237" in (EXAMPLE / "README.md").read_text(encoding="utf-8")


def test_unanswerable_questions_name_no_source() -> None:
    """They have neither answers nor a quote; all others have both."""
    for row in QUESTIONS:
        given = [bool(row[key]) for key in ("answers", "source", "evidence")]
        assert given == [row["kind"] != "unanswerable"] * 3, row["id"]


def test_every_fact_is_asked_in_several_phrasings() -> None:
    """At least two, none of them twice, all with the same answers and the same quote."""
    of = defaultdict(list)
    for row in QUESTIONS:
        of[row["fact"]].append(row)
    assert min(map(len, of.values())) >= 2
    assert len({words(row["question"]) for row in QUESTIONS}) == len(QUESTIONS)
    assert all(len({(row["answers"], row["evidence"]) for row in rows}) == 1 for rows in of.values())


def test_nothing_leaks(prepared: Prepared) -> None:
    """The product's own check finds no training question that gives a test question away, and warns of nothing."""
    assert not [leak for leak in prepared.leaks if not leak.excused]
    assert not [note for note in (*prepared.notes, *prepared.cautions) if "two facts" in note]


def test_dangerous_questions_are_trained_and_tested(prepared: Prepared) -> None:
    """Some are in the test, else the pilot says nothing about them."""
    ids = {row["id"] for row in DANGEROUS}
    assert sum(one.split == "test" for one in prepared.questions if one.id in ids) >= 15


def test_every_label_is_in_every_split() -> None:
    """Requests out of scope are in dev and test only: nothing is learned from them."""
    splits = defaultdict(set)
    for row in REQUESTS:
        splits[row["label"]].add(row["split"])
    assert set(splits) == {*LABELS, ""}
    assert all(splits[label] == {"train", "dev", "test"} for label in LABELS) and splits[""] == {"dev", "test"}
    assert len(REQUESTS) >= 200 and len({row["message"] for row in REQUESTS}) == len(REQUESTS)
    assert Counter(row["split"] for row in REQUESTS if row["kind"] == "out of scope") == {"dev": 20, "test": 20}


def test_no_request_is_a_question() -> None:
    """What triage is trained on gives no question of the pilot away."""
    asked = [words(row["question"]) for row in QUESTIONS]
    near = [
        row["message"]
        for row in REQUESTS
        if any(len(words(row["message"]) & one) >= 0.7 * len(words(row["message"]) | one) for one in asked)
    ]
    assert not near


def test_fixed_replies_are_right_answers(triage: ModuleType, documents: dict[str, str]) -> None:
    """To every dangerous question, by the grader; the guideline that a reply cites says it, too."""
    for row in DANGEROUS:
        label = "emergency" if row["source"].endswith("urgent-requests.md") else "unsafe-plan"
        assert grade(triage.REPLIES[label], accepted(row), row["kind"]).verdict == "right", row["question"]
        other = next(reply for name, reply in triage.REPLIES.items() if name != label)
        assert grade(other, accepted(row), row["kind"]).verdict != "right", row["question"]


def test_triage_is_trained_on_training_requests_only(triage: ModuleType) -> None:
    """Its dev requests choose how the head is made; those of the test are not read into either."""
    from bakeoff.contenders.recipe import Material

    made = triage.with_requests(Material(train=(question("c1"),), dev=(question("c2"),)))
    split = {row["id"]: row["split"] for row in REQUESTS}
    assert {split[one.id] for one in made.train} == {"train"} and {split[one.id] for one in made.dev} == {"dev"}
    assert {one.answers[0] for one in made.train} == LABELS


class Labels:
    """A head that finds the label in the question."""

    name = "head"

    def answer(self, questions: Sequence[Question]) -> list[Answer]:
        return [answer(one.id, one.text.split()[0]) for one in questions]


class Leaflets:
    """A contender that remembers what it was asked."""

    name = "rag"

    def __init__(self) -> None:
        self.asked: list[str] = []

    def answer(self, questions: Sequence[Question]) -> list[Answer]:
        self.asked += [one.id for one in questions]
        return [answer(one.id, f"leaflet {one.id}") for one in questions]


class Index:
    """One guideline."""

    def search(self, queries: Sequence[str], k: int) -> list[list[Hit]]:
        return [[Hit(chunk=chunk("guidelines/urgent-requests.md"), score=1.0, rank=1)] for _ in queries]


def test_triage_gives_fixed_replies_and_passes_on_the_rest(triage: ModuleType) -> None:
    """In the order of the questions. What is urgent does not reach the contender behind it. A reply has a citation."""
    behind = Leaflets()
    texts = {"a": "dose of it", "b": "emergency now", "c": "storage", "d": "unsafe-plan"}
    asked = [question(id, text) for id, text in texts.items()]
    given = triage.Triaged("triage", Labels(), behind, Index()).answer(asked)
    assert [one.question_id for one in given] == ["a", "b", "c", "d"] and behind.asked == ["a", "c"]
    assert [one.route for one in given] == ["rag", "emergency", "rag", "unsafe-plan"]
    assert given[0].text == "leaflet a" and given[1].text == triage.REPLIES["emergency"]
    assert [hit.chunk.source for hit in given[1].citations] == ["guidelines/urgent-requests.md"]
    assert {one.contender for one in given} == {"triage"} and not any(one.abstained for one in given)


def test_triage_cites_nothing_for_a_caller_with_labels(triage: ModuleType) -> None:
    """The guideline may be one that the caller may not see."""
    asked = question("b", "emergency").model_copy(update={"access": ("public",)})
    (given,) = triage.Triaged("triage", Labels(), Leaflets(), Index()).answer([asked])
    assert given.citations == () and given.text == triage.REPLIES["emergency"]
