"""Making synthetic questions unit by unit: what is kept, counted, resumed and refused; review and question files."""

import csv
import json
from itertools import zip_longest
from pathlib import Path

import pytest

from bakeoff.errors import ConfigError, InputError, ModelUnavailableError
from bakeoff.files import jsonl
from bakeoff.models.engines.scripted import ScriptedGenerator
from bakeoff.models.prompts import DECLINE
from bakeoff.questions import read_questions
from bakeoff.questions.naming import text_sum
from bakeoff.records import Completion, Document, Hit, SourceSpan, Usage
from bakeoff.synthesis.checks import Checks
from bakeoff.synthesis.drafts import Done, Draft, Kept
from bakeoff.synthesis.making import BATCH, Making, Material, Settings
from bakeoff.synthesis.output import Begun, Folder, Review, documents_sum, question_row, questions_sum, totals
from bakeoff.synthesis.review import read_reviews, review_page
from bakeoff.synthesis.written import write_files
from tests.unit.fakes import chunk, question

PASSAGES = [chunk(f"p{i}.md", f"The Kite {i} lamp can burn for {i + 10} days.", heading=f"Kite {i}") for i in range(40)]
DOCUMENTS = [Document(id=one.source, source=one.source, title=one.heading, text=one.text) for one in PASSAGES]
ASKED = [
    question(f"q{i}", f"How long can the lamp of the Kite {i} burn?", [f"{i + 10} days"], fact=f"f{i}",
             source_spans=(SourceSpan(source=f"p{i}.md"),))
    for i in range(3)
]  # fmt: skip


class Own:
    """Finds the passage of the Kite that the query names."""

    def search(self, queries, k):
        return [
            [
                Hit(chunk=one, score=1.0, rank=1)
                for one in PASSAGES
                if f"{one.heading} " in f"{query} ".replace("?", " ")
            ]
            for query in queries
        ]


def reads(message: str) -> str:
    """What the passage says; nothing without one."""
    return (
        message.split(" burn for ")[1].split(".")[0] if " burn for " in message and "Question:" in message else DECLINE
    )


def making(done=(), writer=None, reader=reads, passages=PASSAGES, to_reword=(), **settings) -> Making:
    evidence = {one.id: (PASSAGES[int(one.id[1:])],) for one in to_reword}
    material = Material(DOCUMENTS, passages, to_reword, to_reword, evidence)
    checks = Checks(ScriptedGenerator(reader) if callable(reader) else reader, Own())
    return Making(material, Settings(unanswerable=0, **settings), checks, writer, done)


def texts(done) -> list[str]:
    return [of.draft.question for unit in done for of in unit.kept]


def test_every_passage_is_asked_about_once():
    """By rules alone; the order is drawn, and the same for the same seed."""
    done = list(making().run())
    assert len(done) == len(PASSAGES) and totals(done)[0] == {"rule:amount": len(PASSAGES)}
    assert texts(done) == texts(making().run()) != texts(making(seed=8).run())
    assert "For how many days can the Kite 4 lamp burn?" in texts(done)


def test_a_stopped_making_goes_on_where_it_stopped():
    """What is done is not asked again, and both parts together are what one call makes."""
    whole = list(making().run())
    first = list(making().run(limit=1))
    assert len(first) == BATCH
    again = making(done=first)
    rest = list(again.run())
    assert [*first, *rest] == whole and not {one.unit for one in first} & {one.unit for one in rest}
    assert again.left == [] and list(again.run()) == []


def test_a_limit_counts_what_earlier_calls_kept():
    """Nothing is made if there are enough."""
    first = list(making().run(limit=1))
    assert list(making(done=first).run(limit=5)) == []


def test_the_bound_of_requests_is_what_the_rules_can_need():
    """Two for each draft that is tried: a passage without drafts needs none, and what is done needs none either."""
    made = making(passages=[*PASSAGES, chunk("empty.md", "It is late.")])
    assert made.budget().reader == 2 * len(PASSAGES)
    list(made.run())
    assert made._checks.n_asked == 2 * len(PASSAGES) and made.budget().reader == 0


def test_what_the_rules_can_ask_is_known_before():
    """With the passages that give no draft, by reason."""
    rules = making(passages=[*PASSAGES, chunk("empty.md", "It is late and they know it.")]).by_rules()
    assert (rules.n_passages, rules.n_with, rules.n_drafts) == (len(PASSAGES) + 1, len(PASSAGES), len(PASSAGES))
    assert list(rules.why_none.values()) == [1]


def test_what_the_reader_does_not_confirm_is_dropped_and_counted():
    """By reason."""
    done = list(making(reader=lambda message: "never").run())
    assert texts(done) == [] and totals(done)[1] == {"the reader answers it otherwise from its passage": len(PASSAGES)}


def test_wordings_belong_to_the_fact_of_their_source():
    """They have its answers; at most so many are kept for each question."""
    done = list(making(to_reword=ASKED, per_passage=0, wordings=2).run())
    drafts = [of.draft for unit in done for of in unit.kept]
    assert {(draft.paraphrase_of, draft.fact) for draft in drafts} == {(f"q{i}", f"f{i}") for i in range(3)}
    assert len(drafts) == 6 and all(draft.answers == (f"{int(draft.fact[1:]) + 10} days",) for draft in drafts)
    assert "For how much time can the lamp of the Kite 0 burn?" not in [one.text for one in ASKED]


def test_a_question_whose_passage_is_not_known_is_not_reworded():
    """Nothing could be checked; it is counted."""
    made = making(to_reword=ASKED[:1], per_passage=0)
    made._material.evidence.clear()
    (done,) = made.run()
    assert done.kept == () and done.dropped == {"no passage of the documents holds the answer": 3}


def written_by(message: str) -> str:
    """A good question, one with a span that is not in the passage, and other wordings, one about another Kite."""
    if "<question>" in message:
        return json.dumps(["For what time will the lamp of the Kite 1 shine?", "How long can the Kite 9 lamp burn?"])
    name = message.split("<title>")[1].split("<")[0]
    sentence = message.split("<passage>")[1].split("</passage>")[0]
    good = {"question": f"What is the burning time of {name} ?", "answer": sentence[-8:-1], "quote": sentence}
    return json.dumps([good, {**good, "answer": "a long time"}])


def test_a_model_writes_and_what_it_writes_is_checked():
    """A span that is not in the passage, and a wording with another name, are dropped and counted."""
    writer = ScriptedGenerator(written_by)
    done = list(making(writer=writer, to_reword=ASKED[1:2], passages=PASSAGES[:2], wordings=3).run())
    kept, dropped = totals(done)
    assert kept["model:scripted"] == 2  # what it asks of the second Kite, the question to reword asks
    assert dropped["the answer does not stand in its passage"] == 2
    assert dropped["the wording does not keep a number"] == 1


def test_a_broken_reply_is_counted_and_the_others_go_on():
    """Rules still make questions of the same passage."""
    done = list(making(writer=ScriptedGenerator(lambda message: '[{"question":'), passages=PASSAGES[:3]).run())
    kept, dropped = totals(done)
    assert kept == {"rule:amount": 3} and dropped["the model's reply could not be read"] == 3


class Failing(ScriptedGenerator):
    """Fails for prompts that hold a text."""

    def __init__(self, script, text: str) -> None:
        super().__init__(script)
        self._text = text

    def generate(self, prompts, settings):
        return [
            Completion(text="", usage=Usage(), error="429 too many requests")
            if self._text in prompt.messages[-1].content
            else of
            for prompt, of in zip(prompts, super().generate(prompts, settings), strict=True)
        ]


def test_a_unit_for_which_a_model_failed_is_asked_again():
    """It is not done; a later call makes it."""
    made = making(writer=Failing(written_by, "Kite 1<"), passages=PASSAGES[:3])
    done = list(made.run())
    assert len(done) == 2 and made.counts.failed == ["passage:p1.md:0"] and made.left == ["passage:p1.md:0"]
    made = making(reader=Failing(reads, "Kite 2 lamp"), passages=PASSAGES[:3])
    assert len(list(made.run())) == 2 and made.left == ["passage:p2.md:0"]


def test_a_writer_that_always_fails_stops_the_making():
    """With its message and what to do."""
    with pytest.raises(ModelUnavailableError, match="failed for all of 3 requests: 429"):
        list(making(writer=Failing(written_by, ""), passages=PASSAGES[:3]).run())


def test_the_budget_is_the_most_that_is_sent():
    """It is never exceeded, and shrinks as units are done."""
    writer = ScriptedGenerator(written_by)
    made = making(writer=writer, to_reword=ASKED, wordings=2)
    budget = made.budget()
    list(made.run())
    assert made.counts.writer == budget.writer == len(PASSAGES) + len(ASKED)
    assert 0 < made._checks.n_asked <= budget.reader and made.budget().reader == 0


def test_the_budget_holds_if_the_writer_writes_more_than_it_was_asked_for():
    """Ten wordings are written where one is wanted, and ten unanswerable questions would be allowed."""
    verbs = ["shine", "glow", "work", "last", "run", "stay", "hold", "go", "serve", "light"]
    writer = ScriptedGenerator(lambda message: json.dumps([f"How long can the Kite 1 lamp {verb}?" for verb in verbs]))
    evidence = {"q1": (PASSAGES[1],)}
    material = Material(DOCUMENTS, PASSAGES[:0], ASKED[1:2], ASKED[1:2], evidence)
    settings = Settings(per_passage=0, wordings=1, unanswerable=10)
    made = Making(material, settings, Checks(ScriptedGenerator(reads), Own()), writer)
    budget = made.budget()
    list(made.run())
    assert 0 < made._checks.n_asked <= budget.reader == 2


BEGUN = Begun(settings={"seed": 7}, documents="abc", reader="r")
KEPT = [
    Kept(draft=Draft(question=f"What is {name}?", answers=(f"{name} | 1",), quote=f"It is {name} | 1.",
                     source="a.md", method="rule:x"), passage=f"Well. It is {name} | 1.", heading="A")
    for name in ("one", "two", "three", "=four")
]  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    made = Folder(tmp_path / "syn")
    made.begin(BEGUN)
    made.add(Done(unit="u", kept=tuple(KEPT)))
    write_files(made)
    return made


def test_a_folder_is_only_gone_on_with_as_it_was_begun(folder):
    """Not by accident, and not with other documents or settings."""
    with pytest.raises(ConfigError, match="already holds synthetic questions"):
        folder.begun_with(BEGUN, resume=False)
    assert len(folder.begun_with(BEGUN, resume=True)) == 1
    with pytest.raises(ConfigError, match="begun with other documents: documents was 'abc', now 'x'"):
        folder.begun_with(BEGUN.model_copy(update={"documents": "x"}), resume=True)


def test_a_folder_with_other_files_or_a_file_is_refused(tmp_path):
    """Nothing of it is overwritten."""
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(ConfigError, match=r"holds other files: notes.txt"):
        Folder(tmp_path).check_new(resume=True)
    with pytest.raises(ConfigError, match="is a file"):
        Folder(tmp_path / "notes.txt").check_new(resume=False)


def test_the_sum_of_documents_changes_with_any_text():
    """Also if texts only change places."""
    a, b = DOCUMENTS[:2]
    swapped = [a.model_copy(update={"text": b.text}), b.model_copy(update={"text": a.text})]
    assert documents_sum([a, b]) == documents_sum([b, a]) != documents_sum(swapped)


def test_the_sum_of_questions_changes_with_what_is_known_and_what_is_reworded():
    """Texts, answers, and which of them are reworded; not with their order."""
    a, b = ASKED[:2]
    before = questions_sum([a, b], [a])
    assert questions_sum([b, a], [a]) == before and questions_sum([], []) == ""
    others = [a.model_copy(update=change) for change in ({"text": "Else?"}, {"answers": ("9 days",)})]
    assert len({before, questions_sum([a, b], [b]), *(questions_sum([one, b], [one]) for one in others)}) == 4


def test_a_wording_says_which_text_it_words(folder):
    """In both question files, so that a run notices if the source has another text."""
    (done, *_) = making(to_reword=ASKED[:1], per_passage=0).run()
    folder.add(done)
    write_files(folder)
    for name in ("questions.jsonl", "questions.csv"):
        marks = [one.synthetic for one in read_questions([folder.root / name]) if one.synthetic]
        sums = {mark.paraphrase_of: mark.paraphrase_sum for mark in marks}
        assert sums == {"": "", "q0": text_sum(ASKED[0].text)}


def test_both_question_files_are_read_as_the_same_synthetic_questions(folder):
    """Accepted answers with a '|' stay one answer."""
    from_jsonl, from_csv = (read_questions([folder.root / f"questions.{kind}"]) for kind in ("jsonl", "csv"))
    assert from_jsonl == from_csv and all(one.is_unreviewed for one in from_jsonl)
    assert [one.answers for one in from_jsonl] == [of.draft.answers for of in KEPT]
    assert {one.synthetic.method for one in from_jsonl if one.synthetic} == {"rule:x"}


def filled(folder: Folder, *changes: dict[str, str]) -> Path:
    """The review table with these cells changed, row by row."""
    path = folder.root / "review.csv"
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    changed = path.with_name("filled.csv")
    with changed.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows({**row, **change} for row, change in zip_longest(rows, changes, fillvalue={}))
    return changed


def test_a_person_accepts_rejects_and_edits(folder):
    """Only accepted and edited ones may be tested, rejected ones are not read, the others are only trained on."""
    path = filled(
        folder, {"decision": "a"}, {"decision": "Reject"}, {"decision": "accept", "question": "Which?", "answers": "3"}
    )
    assert read_reviews(folder, path) == (1, 1, 1, 1, 0)
    write_files(folder)
    found = {one.text: one for one in read_questions([folder.root / "questions.jsonl"])}
    assert {text: one.is_unreviewed for text, one in found.items()} == {
        "What is one?": False,
        "Which?": False,
        "What is =four?": True,
    }
    assert found["Which?"].answers == ("3",)


def test_a_person_can_answer_a_question_that_was_made_without_an_answer(folder):
    """It is answerable then, in both files; without a change it stays unanswerable."""
    drafts = [Draft(question=text, source="a.md", method="rule:other-name") for text in ("How heavy?", "How long?")]
    folder.add(Done(unit="v", kept=tuple(Kept(draft=draft, passage="p") for draft in drafts)))
    write_files(folder)
    read_reviews(folder, filled(folder, {}, {}, {}, {}, {"decision": "a", "answers": "14 kg"}, {"decision": "a"}))
    write_files(folder)
    for name in ("questions.jsonl", "questions.csv"):
        found = {one.text: (one.answers, one.kind) for one in read_questions([folder.root / name])}
        assert found["How heavy?"] == (("14 kg",), "") and found["How long?"] == ((), "unanswerable")


def test_the_last_review_counts_and_shows_in_the_table(folder):
    """A decision can be changed."""
    read_reviews(folder, filled(folder, {"decision": "r"}))
    read_reviews(folder, filled(folder, {"decision": "a"}))
    write_files(folder)
    with (folder.root / "review.csv").open(encoding="utf-8-sig", newline="") as file:
        assert [row["decision"] for row in csv.DictReader(file)] == ["accepted", "", "", ""]
    assert folder.reviews()[KEPT[0].draft.id].verdict == "accepted"


def test_an_empty_decision_withdraws_an_earlier_one(folder):
    """The question is only trained on again, and can be accepted again; a row without one is counted."""
    read_reviews(folder, filled(folder, {"decision": "a"}, {"decision": "r"}))
    write_files(folder)
    assert read_reviews(folder, filled(folder, {"decision": ""}, {"decision": ""})) == (0, 0, 0, 2, 2)
    write_files(folder)
    assert folder.reviews() == {}
    found = read_questions([folder.root / "questions.jsonl"])
    assert len(found) == 4 and all(one.is_unreviewed for one in found)
    assert read_reviews(folder, filled(folder, {"decision": "a"})) == (1, 0, 0, 3, 0)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"decision": "perhaps"}, "row 2: the decision is 'perhaps'"),
        ({"decision": "a", "id": "syn-x"}, "row 2: the id 'syn-x' is not in this folder"),
        ({"decision": "a", "question": " "}, "row 2: the question is empty"),
        ({"decision": "a", "answers": ""}, "row 2: the answers are empty"),
    ],
)
def test_a_wrong_row_is_named_and_nothing_is_read(folder, change, message):
    """A table is read as a whole or not at all."""
    with pytest.raises(InputError, match=message):
        read_reviews(folder, filled(folder, change, {"decision": "a"}))
    assert folder.reviews() == {}


def test_a_table_without_its_columns_is_refused(folder, tmp_path):
    """It says which file to give."""
    (tmp_path / "x.csv").write_text("a,b\n1,2\n")
    with pytest.raises(InputError, match="no column 'id' and no column 'decision'"):
        read_reviews(folder, tmp_path / "x.csv")


def test_the_page_holds_every_question_with_its_answer_marked_and_no_markup_of_theirs():
    """The passage is cut around the answer; hostile text stays text."""
    hostile = Kept(
        draft=Draft(question="</script><b>?", answers=("</script>",), source="a", method="m"), passage="x </script> y"
    )
    page = review_page("syn", [*KEPT, hostile], {KEPT[0].draft.id: Review(id=KEPT[0].draft.id, verdict="accepted")})
    payload = page.split('id="payload">')[1].split("</script>")[0]
    cards = json.loads(payload)["cards"]
    assert [card["verdict"] for card in cards] == ["accepted", "", "", "", ""]
    assert (cards[0]["before"], cards[0]["answer"], cards[0]["after"]) == ("Well. It is ", "one | 1", ".")
    assert (cards[4]["before"], cards[4]["answer"]) == ("x ", "</script>")
    assert page.count("</script>") == 2 and "http:" not in page and "https:" not in page


def test_an_unanswerable_question_is_written_without_evidence():
    """Its document is not its evidence: it does not answer it."""
    row = question_row(Kept(draft=Draft(question="Why?", source="a.md", method="m")), None)
    assert (row["kind"], row["answers"], row["source"], row["evidence"]) == ("unanswerable", [], "", "")


def test_reviews_are_kept_as_lines(folder):
    """Each one is appended."""
    read_reviews(folder, filled(folder, {"decision": "a", "note": "good"}))
    (review,) = jsonl.read(folder.reviews_path, Review)
    assert (review.verdict, review.note) == ("accepted", "good")
