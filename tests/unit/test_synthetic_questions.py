"""Synthetic questions in a run: unreviewed ones are only trained on, and give away nothing that is tested."""

import csv
import json
from pathlib import Path

import pytest

from bakeoff.errors import InputError
from bakeoff.pilot.prepare import Prepared, prepare
from bakeoff.questions import read_questions, read_with_notes
from bakeoff.questions.naming import text_sum
from bakeoff.questions.splits.splits import assign_splits
from bakeoff.questions.splits.survey import summarise
from bakeoff.questions.splits.synthetic import (
    CHANGED_SOURCE,
    COPIES,
    TESTED_DOCUMENT,
    TESTED_FACT,
    TESTED_PLACE,
    TESTED_SOURCE,
    TESTED_UPDATE,
    UNKNOWN_SOURCE,
    admit,
    synthetic_cautions,
)
from bakeoff.records import Document, Question, SourceSpan, Synthetic
from bakeoff.runs.config import load_config
from tests.end_to_end.small import make
from tests.unit.fakes import question

BASALT = "The pass opens in May. The toll is 12 euros. The tunnel is 900 metres long."
DOCUMENTS = [Document(id="pass", source="pass.md", text=BASALT), Document(id="lake", source="lake.md", text="Deep.")]


def quoted(quote: str, source: str = "pass.md") -> tuple[SourceSpan, ...]:
    start = BASALT.index(quote)
    return (SourceSpan(source=source, start=start, end=start + len(quote)),)


ASKED = [
    question("t1", "When does the pass open?", ["in May"], fact="opens", split="train", slice="seen",
             source_spans=quoted("The pass opens in May.")),
    question("s1", "From which month on is the road over the pass usable?", ["in May"], fact="opens", split="test",
             slice="seen", source_spans=quoted("The pass opens in May.")),
    question("u1", "What must drivers pay for the road?", ["12 euros"], fact="toll", split="test", slice="unseen",
             source_spans=quoted("The toll is 12 euros."), evidence="The toll is 12 euros."),
    question("d1", "How deep is the lake?", ["40 m"], fact="depth", split="dev", slice="unseen",
             source_spans=(SourceSpan(source="lake.md"),)),
]  # fmt: skip


def made(id: str, text: str, answers=("x",), of: str = "", accepted: bool = False, **more) -> Question:
    """A synthetic question; with `of`, another wording of that question."""
    return question(id, text, answers, synthetic=Synthetic(method="m", accepted=accepted, paraphrase_of=of), **more)


def reason(*questions: Question) -> dict[str, int]:
    return dict(admit(questions, ASKED, DOCUMENTS).left_out)


def test_another_wording_of_a_training_question_goes_to_train_with_its_fact_and_answers():
    """Whatever the file says of it: the answers of the source may have been corrected since."""
    (kept,) = admit([made("p", "At what time of the year is the pass free?", ["in June"], "t1")], ASKED).questions
    assert (kept.split, kept.slice, kept.fact, kept.answers) == ("train", "seen", "opens", ("in May",))


@pytest.mark.parametrize("source", ["s1", "u1", "d1"])
def test_another_wording_of_a_question_that_is_tested_is_left_out(source):
    """Of the same fact as a trained one (s1), of one that is not trained (u1), and of dev (d1)."""
    assert reason(made("p", "Something that is worded in quite another way?", of=source)) == {TESTED_SOURCE: 1}


def test_another_wording_of_an_unknown_question_is_left_out():
    """Nobody can tell whether its source is tested."""
    assert reason(made("p", "What does the ferry cost?", of="gone")) == {UNKNOWN_SOURCE: 1}


def test_another_wording_that_nearly_copies_a_test_question_is_left_out():
    """Although its source is trained on and the fact is the same."""
    text = "From which month is the road over the pass usable?"
    assert reason(made("p", text, of="t1")) == {COPIES: 1}


def test_a_question_that_names_a_tested_fact_is_left_out():
    """By the column `fact`."""
    assert reason(made("m", "Fee?", fact="toll")) == {TESTED_FACT: 1}


def test_a_question_with_the_answer_of_a_test_question_at_the_same_place_is_left_out():
    """In quite other words, without a quote: the rules that find facts by the place of the answer decide."""
    text, spans = "Name the fee in this valley.", (SourceSpan(source="pass.md"),)
    assert reason(made("m", text, ["12 euros"], source_spans=spans)) == {TESTED_FACT: 1}


def test_a_question_that_quotes_the_evidence_of_a_test_question_is_left_out():
    """Its sentence is not trained on, whatever of it is asked for."""
    spans = quoted("The toll is 12 euros.")
    assert reason(made("m", "What costs money here?", ["The toll"], source_spans=spans)) == {TESTED_PLACE: 1}


def test_a_question_about_a_document_that_only_the_test_asks_about_is_left_out():
    """Held-out documents stay held out, also for unanswerable questions."""
    spans = (SourceSpan(source="lake.md"),)
    drafts = [made("m", "Who owns it?", ["Ann"], source_spans=spans), made("n", "A boat?", (), source_spans=spans)]
    assert reason(*drafts) == {TESTED_DOCUMENT: 2}


def test_similar_words_with_the_answer_of_a_test_question_are_left_out_without_any_source():
    """As facts are inferred for question files without sources."""
    text = "What do drivers have to pay for this road?"
    assert reason(made("m", text, ["12 euros"])) == {TESTED_FACT: 1}


def test_a_question_about_anything_else_is_trained_on():
    """It has its own fact. One that asks for a trained fact joins it."""
    other = made("m", "How long is the tunnel?", ["900 metres"], source_spans=quoted("The tunnel is 900 metres long."))
    same = made("n", "When is the opening?", ["in May"], source_spans=quoted("The pass opens in May."))
    kept = admit([other, same], ASKED, DOCUMENTS).questions
    assert [(one.id, one.split, one.fact) for one in kept] == [("m", "train", "m"), ("n", "train", "opens")]


def test_the_notes_count_what_is_trained_on_and_what_is_left_out():
    """With the reason. Without synthetic questions there is no note."""
    admitted = admit([made("m", "How long is it?"), made("p", "q?", of="u1"), made("r", "r?", of="gone")], ASKED)
    assert admitted.notes == [
        "1 synthetic question that no person has accepted: only trained on, never in dev or test.",
        f"2 more synthetic questions are left out: 1 {TESTED_SOURCE} and 1 {UNKNOWN_SOURCE}.",
    ]
    assert admit([], ASKED).notes == []


def test_splitting_never_tests_an_unreviewed_question():
    """Whatever split its file gives it, and whatever the seed. It does not change the splits of the others."""
    real = [question(f"q{i}", f"Question number {i}?", [f"answer {i}"]) for i in range(40)]
    fresh = [made(f"m{i}", f"Made {i}?", [f"made {i}"], split="test" if i % 2 else None) for i in range(40)]
    for seed in range(5):
        split = {one.id: one.split for one in assign_splits([*real, *fresh], seed)}
        assert {split[one.id] for one in fresh} == {"train"}
        assert {one.id: one.split for one in assign_splits(real, seed)} == {one.id: split[one.id] for one in real}


def test_accepted_questions_are_split_like_asked_ones():
    """Some of them are tested."""
    accepted = [made(f"m{i}", f"Made {i}?", [f"made {i}"], accepted=True) for i in range(40)]
    assert {one.split for one in assign_splits(accepted, 7)} == {"train", "dev", "test"}


ROWS = [
    {"id": "a", "question": "How high is the tower?", "answers": "30 m", "synthetic": "", "synthetic_review": ""},
    {"id": "b", "question": "What is the height?", "answers": "30 m", "synthetic": "yes", "paraphrase_of": "a"},
    {"id": "c", "question": "How tall is it?", "answers": "30 m", "synthetic": "yes", "synthetic_review": "accepted"},
    {"id": "d", "question": "Tower height?", "answers": "31 m", "synthetic": "yes", "synthetic_review": "rejected"},
    {"id": "e", "question": "Who built it?", "answers": "Ann", "synthetic": "yes", "synthetic_method": "rule:name"},
]


def written(path: Path, rows=ROWS) -> Path:
    with path.open("w", newline="") as file:
        names = ("id", "question", "answers", "synthetic", "synthetic_method", "synthetic_review", "paraphrase_of")
        names = (*names, "paraphrase_sum")
        writer = csv.DictWriter(file, names)
        writer.writeheader()
        writer.writerows(rows)
    return path


def test_question_files_mark_synthetic_questions(tmp_path):
    """Another wording has the fact of its source, also an inferred one; rejected ones are left out and counted."""
    questions, notes = read_with_notes([written(tmp_path / "q.csv")])
    marks = {one.id: one.synthetic for one in questions}
    assert marks == {
        "a": None,
        "b": Synthetic(paraphrase_of="a"),
        "c": Synthetic(accepted=True),
        "e": Synthetic(method="rule:name"),
    }
    facts = {one.id: one.fact for one in questions}
    assert facts["b"] == facts["a"] and facts["e"] == "synthetic-e"
    assert "q.csv: 1 synthetic question left out, rejected in review." in notes


def test_an_unreviewed_question_does_not_decide_what_is_one_fact(tmp_path):
    """Two asked questions that only it resembles stay two facts."""
    rows = [
        {"id": "a", "question": "What is the warranty of the kettle?", "answers": "2 years"},
        {"id": "m", "question": "What is the warranty of the kettle?!", "answers": "2 years", "synthetic": "yes"},
    ]
    alone = read_questions([written(tmp_path / "q.csv", rows[:1])])
    both = read_questions([written(tmp_path / "q.csv", rows)])
    assert both[0] == alone[0]


@pytest.mark.parametrize(("column", "value"), [("synthetic", "perhaps"), ("synthetic_review", "maybe")])
def test_a_mark_that_is_not_known_is_an_error(tmp_path, column, value):
    """It says where and what is allowed."""
    with pytest.raises(InputError, match=f"q.csv line 2: {column} is '{value}'"):
        read_questions([written(tmp_path / "q.csv", [{**ROWS[4], column: value}])])


def prepared(folder: Path, rows: list[dict[str, object]]) -> Prepared:
    """The small pilot with these synthetic questions in a second file."""
    config = make(folder, questions=["questions.jsonl", "made.jsonl"])
    (folder / "made.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return prepare(load_config(config))


def test_a_run_trains_on_wordings_of_training_questions_and_on_no_other(tmp_path):
    """A wording of every question is offered: those of dev and test are left out, and the report's notes say so."""
    plain = prepare(load_config(make(tmp_path / "plain")))
    own = {one.id: one for one in plain.own_questions}
    rows = [
        {"id": f"w-{one.id}", "question": f"Worded otherwise, number {n}: {one.kind}?", "answers": list(one.answers),
         "synthetic": True, "paraphrase_of": one.id}
        for n, one in enumerate(own.values()) if one.answerable
    ]  # fmt: skip
    found = prepared(tmp_path / "made", rows)
    wordings = [one for one in found.questions if one.synthetic]
    trained = {one.id for one in plain.own_questions if one.split == "train" and one.answerable}
    assert {one.split for one in wordings} == {"train"}
    assert {one.synthetic.paraphrase_of for one in wordings if one.synthetic} == trained
    assert {one.id: (one.split, one.fact) for one in found.own_questions if one.synthetic is None} == {
        one.id: (one.split, one.fact) for one in own.values()
    }
    assert found.data.n_synthetic == len(wordings) and found.data.n_test == plain.data.n_test
    assert any(note.startswith(f"{len(wordings)} synthetic question") for note in found.notes)
    assert any(f"{len(rows) - len(wordings)} more synthetic question" in note for note in found.notes)
    assert any(f"also learned from {len(wordings)} synthetic questions" in line for line in found.summary().warnings)
    assert not any("synthetic" in line for line in plain.summary().warnings)


def test_another_wording_is_left_out_if_its_source_has_another_text_now():
    """Another question got its id, or it was rewritten: its answers are none of the wording's. Spaces do not count."""

    def wording(text):
        one = made("p", "At what time of the year is the pass free?", ["in May"], "t1")
        mark = one.synthetic.model_copy(update={"paraphrase_sum": text_sum(text)})
        return one.model_copy(update={"synthetic": mark})

    assert reason(wording("Which colours exist?")) == {CHANGED_SOURCE: 1}
    assert reason(wording(" When  does the pass open?")) == {}
    note = admit([wording("Which colours exist?")], ASKED).notes[1]
    assert note == f"1 more synthetic questions are left out: 1 {CHANGED_SOURCE}."


@pytest.mark.parametrize("review", ["", "accepted"])
def test_a_wording_takes_no_fact_of_another_question_that_has_its_sources_id(tmp_path, review):
    """Also if a person accepted it: it keeps its own answers, so it must not be one fact with them."""
    rows = [
        {"id": "a", "question": "How high is the tower?", "answers": "30 m"},
        {"id": "b", "question": "Who painted the door red?", "answers": "Ann", "synthetic": "yes",
         "synthetic_review": review, "paraphrase_of": "a", "paraphrase_sum": text_sum("Who painted the door?")},
    ]  # fmt: skip
    tower, door = read_questions([written(tmp_path / "q.csv", rows)])
    assert tower.fact != door.fact
    rows[1]["paraphrase_sum"] = text_sum("How high is the tower?")
    tower, door = read_questions([written(tmp_path / "q.csv", rows)])
    assert tower.fact == door.fact


def test_a_question_with_an_answer_that_only_the_update_has_is_left_out():
    """Its fact is trained on with the answer from before; with that answer the made question is kept."""
    updated = question("t1@update", ASKED[0].text, ["in June"], fact="opens", split="test", slice="changed")
    drafts = [made("m", "When does the road over the pass open?", ["in June"]),
              made("n", "When does the road over the pass open in a year?", ["in May"])]  # fmt: skip
    found = admit(drafts, [*ASKED, updated], DOCUMENTS)
    assert [(one.id, one.fact) for one in found.questions] == [("n", "opens")]
    assert dict(found.left_out) == {TESTED_UPDATE: 1}
    assert admit(drafts, ASKED, DOCUMENTS).left_out == {}


@pytest.mark.parametrize("where", ["general", "updates.questions"])
@pytest.mark.parametrize("review", ["", "accepted"])
def test_files_of_which_all_is_tested_hold_no_unreviewed_question(tmp_path, where, review):
    """It is named, with what is allowed and what to do; an accepted one is tested."""
    row = {"id": "z1", "question": "How high is the old tower?", "answers": ["30 m"], "synthetic": True}
    (tmp_path / "pilot" / "new").mkdir(parents=True)
    more = {"general": "more.jsonl"} if where == "general" else {"updates": {"documents": ["new"],
            "questions": ["more.jsonl"]}}  # fmt: skip
    config = make(tmp_path / "pilot", **more)
    (tmp_path / "pilot" / "new" / "tower.md").write_text("The old tower is 30 m high.")
    (tmp_path / "pilot" / "more.jsonl").write_text(json.dumps({**row, "synthetic_review": review}) + "\n")
    if review:
        assert {one.id: one.split for one in prepare(load_config(config)).questions}["z1"] == "test"
        return
    with pytest.raises(
        InputError, match=f"{where} holds 1 synthetic question that no person has accepted: .*z1"
    ) as stop:
        prepare(load_config(config))
    assert "under questions:" in str(stop.value)


def test_the_report_says_that_accepted_questions_are_tested():
    """With their number."""
    tested = made("m", "Made?", accepted=True, split="test", slice="seen")
    (line,) = synthetic_cautions([tested, question("a", split="test", slice="seen")])
    assert line.startswith("1 question of the test nobody asked")


def test_synthetic_questions_are_no_traffic():
    """Nobody asked them: they count neither in the shares of users' questions, but in the numbers of questions."""
    real = question("a", split="test", slice="unseen", asked=5)
    summary = summarise([real, made("m", "Made?", split="train", slice="seen")])
    assert summary.asked_share == {"unseen": 1.0} and summary.n_synthetic == 1
    accepted = made("n", "Made too?", accepted=True, split="test", slice="seen")
    assert summarise([real, accepted]).n_accepted == 1
