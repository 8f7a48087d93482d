"""Whether questions still hold after documents changed: those of a release, and reviewed ones."""

from datetime import UTC, datetime

import pytest

from bakeoff.corpus.old_versions import LEAST_TEXTS
from bakeoff.corpus.sqlite_store import SqliteStore
from bakeoff.learn.reviewed import Reviewed
from bakeoff.learn.standing import standing, standing_reviews
from bakeoff.records import Question, SourceSpan
from tests.unit.test_learn_questions import DOCUMENTS, known

NOW = datetime(2026, 3, 2, tzinfo=UTC)


@pytest.fixture
def store(tmp_path):
    with SqliteStore(tmp_path / "store.sqlite") as opened:
        opened.replace_all(DOCUMENTS)
        yield opened


def test_questions_whose_document_lost_the_answer_are_set_aside(store):
    """The oil of Aldra changed: the accepted answer no longer holds, so nobody is graded by it."""
    version = store.version
    changed = DOCUMENTS[0].model_copy(update={"text": DOCUMENTS[0].text.replace("11 litres", "15 litres")})
    store.upsert([changed])
    found = standing([known(0, "test"), known(1, "test")], store, version)
    assert [q.fact for q in found.kept] == ["Borun-oil"] and [q.fact for q in found.outdated] == ["Aldra-oil"]


def test_questions_of_a_deleted_document_are_set_aside_and_other_changes_keep_them(store):
    """A sentence elsewhere in the document changes nothing."""
    version = store.version
    store.upsert([DOCUMENTS[0].model_copy(update={"text": DOCUMENTS[0].text + "\nIt is sold in Europe.\n"})])
    store.delete(["d1"])
    found = standing([known(0, "test"), known(1, "train")], store, version)
    assert [q.fact for q in found.kept] == ["Aldra-oil"] and [q.fact for q in found.outdated] == ["Borun-oil"]


def test_marked_evidence_is_looked_for_by_its_words(store):
    """The evidence is a span of the old text; it may stand elsewhere in the new one."""
    version = store.version
    text = DOCUMENTS[0].text
    start = text.index("The pump")
    span = SourceSpan(source="aldra.md", start=start, end=text.index("oil.") + 4)
    question = known(0, "test").model_copy(update={"source_spans": (span,)})
    new = "# Aldra\n\nNew first paragraph.\n\n" + text[start:]
    store.upsert([DOCUMENTS[0].model_copy(update={"text": new})])
    (kept,) = standing([question], store, version).kept
    (moved,) = kept.source_spans
    assert new[moved.start : moved.end] == text[span.start : span.end].rstrip(".") and moved != span


def test_moved_evidence_is_seen_to_go_in_a_later_round(store):
    """The next release has the new version and the moved marks: then the fact changes, and the question goes."""
    text, version = DOCUMENTS[0].text, store.version
    start = text.index("11 litres")
    span = SourceSpan(source="aldra.md", start=start, end=start + len("11 litres"))
    question = known(0, "test").model_copy(update={"source_spans": (span,), "answers": ("11 litres",)})
    longer = text.replace("# Aldra", "# Aldra\n\nA new line above it.", 1) if "# Aldra" in text else "New.\n\n" + text
    store.upsert([DOCUMENTS[0].model_copy(update={"text": longer})])
    (kept,) = standing([question], store, version).kept
    version = store.version
    assert longer[kept.source_spans[0].start : kept.source_spans[0].end] == "11 litres"
    store.upsert([DOCUMENTS[0].model_copy(update={"text": longer + "\nIt is sold in Europe.\n"})])
    assert standing([kept], store, version).kept == (kept,)
    store.upsert([DOCUMENTS[0].model_copy(update={"text": longer.replace("11 litres", "15 litres")})])
    assert standing([kept], store, version).outdated == (kept,)


def test_questions_about_an_update_count_once_the_update_is_in(store):
    """The pilot asked them after its update; here they hold as soon as the documents say so."""
    after = known(0, "test").model_copy(update={"answers": ("15 litres",), "slice": "changed"})
    version = store.version
    assert standing([after], store, version).kept == ()
    store.upsert([DOCUMENTS[0].model_copy(update={"text": DOCUMENTS[0].text.replace("11 litres", "15 litres")})])
    assert [q.slice for q in standing([after], store, version).kept] == [None]


def change(store, old, new, i=0):
    """One document says something else from now on."""
    before = store.get(f"d{i}")
    assert old in before.text
    store.upsert([before.model_copy(update={"text": before.text.replace(old, new)})])


def review(answer, question="Tell me how much oil goes into the pump Aldra, please", **more):
    values = {"documents_version": 1, "sources": ("aldra.md",)} | more
    return Reviewed(id="a1", question=question, answers=(answer,) if answer else (), at=NOW, **values)


def are_kept(store, *reviewed):
    kept, outdated = standing_reviews(reviewed, store, store.version)
    assert len(kept) + len(outdated) == len(reviewed)
    return [one in kept for one in reviewed]


def test_a_review_of_documents_that_changed_since_is_set_aside(store):
    """11 litres were reviewed, the document says 15 now; a review that says 15 holds, whatever it was made with."""
    change(store, "11 litres", "15 litres")
    assert are_kept(store, review("11 litres"), review("15 litres"), review("11 litres", documents_version=2)) == [
        False, True, True,
    ]  # fmt: skip


def test_a_review_without_a_version_is_compared_with_the_documents_of_the_release(store):
    """An entry of an older log does not say which documents it is about."""
    change(store, "11 litres", "15 litres")
    assert standing_reviews([review("11 litres", documents_version=None)], store, 1)[0] == []


def test_a_question_is_doubtful_if_the_old_text_of_its_document_is_gone(store):
    """A document changed so often that its text of that time is no longer kept: nobody knows what it said."""
    version = store.version
    for number in range(3 * LEAST_TEXTS):
        store.upsert([DOCUMENTS[0].model_copy(update={"text": f"{DOCUMENTS[0].text} Print {number}."})])
    found = standing([known(0, "test"), known(1, "test")], store, version)
    assert [q.fact for q in found.kept] == ["Borun-oil"] and [q.fact for q in found.outdated] == ["Aldra-oil"]
    assert are_kept(store, review("11 litres"), review("11 litres", documents_version=store.version)) == [False, True]


@pytest.mark.parametrize("answer", ["About eleven litres of it, so the manual tells us.", "eleven", "yes"])
def test_an_answer_in_other_words_is_doubtful_once_its_sentence_changes(store, answer):
    """The document never says it word by word, and what it says nearest to it has changed."""
    version = store.version
    known_one = known(0, "test").model_copy(update={"answers": (answer,)})
    change(store, "colour-0", "colour-9")
    assert standing([known_one], store, version).kept == (known_one,), "another sentence changed"
    change(store, "11 litres", "15 litres")
    assert standing([known_one], store, version).outdated == (known_one,)
    assert are_kept(store, review(answer, documents_version=version)) == [False]


def test_the_passages_that_an_answer_was_made_from_must_stand_if_it_is_in_other_words(store):
    """The passage is marked in the log: a change within it makes the answer doubtful, one elsewhere does not."""
    text = DOCUMENTS[0].text
    passage = SourceSpan(source="aldra.md", start=text.index("The pump"), end=text.index("Its hull"))
    one = review("a dozen or so", question="What does it take?", passages=(passage,))
    change(store, "colour-0", "colour-9")
    assert are_kept(store, one) == [True]
    change(store, "filled", "topped up")
    assert are_kept(store, one) == [False]


def test_the_same_answer_to_something_else_does_not_keep_a_question(store):
    """11 litres is what the gearbox takes now, no longer the pump."""
    version = store.version
    spans = (SourceSpan(source="aldra.md", start=(at := DOCUMENTS[0].text.index("11 litres")), end=at + 9),)
    marked = known(0, "test").model_copy(update={"source_spans": spans})
    change(store, "The pump Aldra is filled with 11 litres", "The gear has 11 litres. The pump Aldra takes 15 litres")
    assert standing([known(0, "test"), marked], store, version).kept == ()


def test_a_reworded_sentence_about_the_same_keeps_a_question(store):
    """The answer stands beside the same words of the question."""
    version = store.version
    change(store, "is filled with 11 litres", "needs some 11 litres")
    assert len(standing([known(0, "test")], store, version).kept) == 1


def test_an_unanswerable_question_is_doubtful_once_a_new_sentence_seems_to_answer_it(store):
    """Declining it was right until the document said what the pump costs."""
    version = store.version
    price = Question(id="p", text="What does the pump Aldra cost?", fact="price", split="test")
    change(store, "Its hull", "It is sold in Europe.\n\nIts hull")
    assert standing([price], store, version).kept == (price,)
    assert are_kept(store, review("", price.text)) == [True]
    change(store, "Its hull", "The pump Aldra costs 400 euros.\n\nIts hull")
    assert standing([price], store, version).outdated == (price,)
    assert are_kept(store, review("", price.text)) == [False]


def test_general_knowledge_does_not_depend_on_documents(store):
    """It has no document."""
    version = store.version
    capital = Question(id="g", text="What does the pump Aldra cost?", fact="g", split="test", slice="general")
    change(store, "Its hull", "The pump Aldra costs 400 euros.\n\nIts hull")
    assert standing([capital], store, version).kept == (capital,)
