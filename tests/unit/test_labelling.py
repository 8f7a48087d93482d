"""Who labels what next: at random first, then what matters most; several people, and at any time."""

import pytest

from bakeoff.errors import InputError, RunFolderError
from bakeoff.files import jsonl
from bakeoff.labelling.design import unit_id, weights_of
from bakeoff.labelling.judged import judge_again
from bakeoff.labelling.labelling import Labelling
from bakeoff.measure.sampling import N_RANDOM
from bakeoff.measure.units import units_of
from bakeoff.records import Contrast
from tests.unit.fakes import answer, question
from tests.unit.run_fixture import finished


@pytest.fixture
def folder(tmp_path):
    return finished(tmp_path / "run").folder


def add(labelling, id, verdict="right", **more):
    labelling.add(labelling.label(id, verdict, **more))


def test_every_labeller_gets_the_same_order(folder):
    """It depends on the run's seed only."""
    ada, bob = Labelling(folder, "ada"), Labelling(folder, "bob")
    assert ada.pending() == bob.pending()
    assert len(ada.pending()) == len(ada.by_id) > N_RANDOM


def test_work_goes_on_where_it_was_left(folder):
    """A new session knows the labels of the one before."""
    first = Labelling(folder, "ada")
    ids = first.pending(3)
    add(first, ids[0], "wrong", note=" odd ", seconds=4.2)
    add(first, ids[1])
    again = Labelling(folder, "ada")
    assert again.done() == ids[:2] and again.pending(1) == [ids[2]]
    label = again.mine(ids[0])
    assert (label.verdict, label.note, label.seconds) == ("wrong", "odd", 4.2)


def test_a_label_can_be_changed(folder):
    """The last one counts; both are in the file."""
    labelling = Labelling(folder, "ada")
    (id,) = labelling.pending(1)
    add(labelling, id, "wrong")
    add(labelling, id, "right")
    assert labelling.mine(id).verdict == "right" and labelling.done() == [id]
    assert len(folder.labels_path.read_text().splitlines()) == 2


def test_labels_of_another_window_are_seen(folder):
    """Without starting again."""
    one, other = Labelling(folder, "ada"), Labelling(folder, "ada")
    ids = one.pending(2)
    add(one, ids[0])
    assert other.pending(1) == [ids[1]] and other.progress().mine == 1


def test_the_random_answers_are_labelled_by_everybody_the_others_once(folder):
    """So that agreement can be measured, and the work is shared after that."""
    ada, bob = Labelling(folder, "ada"), Labelling(folder, "bob")
    order = ada.pending()
    for id in order[: N_RANDOM + 5]:
        add(ada, id)
    assert bob.pending() == order[:N_RANDOM] + order[N_RANDOM + 5 :]
    progress = bob.progress()
    assert (progress.labelled, progress.mine, progress.random_labelled) == (N_RANDOM + 5, 0, 0)
    assert progress.others == ("ada",)


def test_different_verdicts_are_disputed(folder):
    """Until somebody changes theirs. Who cannot tell contradicts nobody."""
    ada, bob = Labelling(folder, "ada"), Labelling(folder, "bob")
    ids = ada.pending(3)
    for id in ids:
        add(ada, id, "right")
    for id, verdict in zip(ids, ("right", "wrong", "unsure"), strict=True):
        add(bob, id, verdict)
    assert ada.disputed() == [ids[1]] and ada.progress().disputed == 1
    assert [(label.labeller, label.verdict) for label in ada.of_others(ids[1])] == [("bob", "wrong")]
    add(bob, ids[1], "right")
    assert ada.disputed() == []


@pytest.mark.parametrize("name", ["", "  ", "x" * 61, "a\nb"])
def test_a_labeller_has_a_plain_name(folder, name):
    """It is written into every label."""
    with pytest.raises(InputError, match="cannot be the name of a labeller"):
        Labelling(folder, name)


def test_an_unknown_answer_and_a_long_note_are_refused(folder):
    """Nothing is written."""
    labelling = Labelling(folder, "ada")
    with pytest.raises(InputError, match="no answer with the id 'u0'"):
        labelling.label("u0", "right")
    with pytest.raises(InputError, match="2,001 characters"):
        labelling.label(labelling.pending(1)[0], "right", "x" * 2001)
    assert not folder.labels_path.exists()


def test_times_that_cannot_be_are_left_out(folder):
    """A clock may have been set in the meantime."""
    labelling = Labelling(folder, "ada")
    (id,) = labelling.pending(1)
    assert labelling.label(id, "right", seconds=-1).seconds is None
    assert labelling.label(id, "right", seconds=1e9).seconds is None


def test_labels_of_other_answers_stop_the_work(folder):
    """For example a labels.jsonl copied from another run."""
    Labelling(folder, "ada")
    folder.labels_path.write_text(
        '{"question_id":"q1","text":"elsewhere","verdict":"right","labeller":"a","at":"2026-01-01T00:00:00Z"}\n'
    )
    with pytest.raises(RunFolderError, match=r"line 1: no contender of this run gave the answer 'elsewhere'"):
        Labelling(folder, "ada")


def test_answers_that_changed_after_labelling_began_are_noticed(folder):
    """The probabilities of the former draw would not hold."""
    Labelling(folder, "ada")
    answers = folder.answers("base")
    jsonl.write(folder.answers_path("base"), [answers[0].model_copy(update={"text": "new"}), *answers[1:]])
    with pytest.raises(RunFolderError, match="does not fit the run's answers"):
        Labelling(folder, "ada")


def test_an_unfinished_run_cannot_be_labelled(folder):
    """There is no comparison that says what matters."""
    folder.comparison_path.unlink()
    with pytest.raises(RunFolderError, match="is not finished"):
        Labelling(folder, "ada")


def test_a_label_matters_more_where_the_grade_is_open_and_the_contest_close(folder):
    """Open pairs in which the answer counts on one side, and grades that the rules are unsure of."""
    asked = [question("q1", answers=["2 years"], split="test", slice="unseen"), unanswerable()]
    units = units_of(
        asked,
        {
            "base": [answer("q1", "3 years"), answer("q2", "There is no such lamp")],
            "rag": [answer("q1", "2 years"), answer("q2", "There is no such lamp")],
        },
    )
    pair = Contrast(
        a="base", b="rag", measure="accuracy", difference=0, low=-1, high=1, p=1, p_adjusted=1, n=2, finding="open"
    )
    comparison = folder.comparison()
    open_now = weights_of(units, comparison.model_copy(update={"contrasts": (pair,)}))
    settled = weights_of(units, comparison.model_copy(update={"contrasts": ()}))
    wrong, right, unsure = (graded.unit for graded in units)
    assert open_now[wrong] == open_now[right] > settled[right] > 0
    assert open_now[unsure] == settled[unsure] > settled[right]


def test_plain_refusals_are_labelled_less_often(folder):
    """Rules hardly err there, and people's time is short."""
    asked = [question("q1", answers=["2 years"], split="test", slice="unseen")]
    long = "The documents do not say how long the warranty lasts."
    units = units_of(asked, {"base": [answer("q1", long)], "rag": [answer("q1", "3 years")]})
    declined, wrong = weights_of(units, folder.comparison()).values()
    assert 0 < declined < wrong / 2


def unanswerable():
    return question("q2", answers=[], split="test", slice="unanswerable")


def test_judged_answers_are_labelled_oftener_than_those_decided_by_rules(folder):
    """A judge errs oftener than rules do on what they decide, and less often than a guess."""
    asked = [question("q1", answers=["2 years"], split="test", slice="unseen")]
    (graded,) = units_of(asked, {"rag": [answer("q1", "5 km")]})
    unsure = graded._replace(verdict="unsure")
    comparison = folder.comparison()
    decided, guessed = (weights_of([unit], comparison)[unit.unit] for unit in (graded, unsure))
    judged = {weights_of([unit], comparison, {unit.unit})[unit.unit] for unit in (graded, unsure)}
    assert len(judged) == 1 and decided < judged.pop() < guessed


def test_ids_are_no_numbers_for_a_spreadsheet(folder):
    """'12e3456' would become a number."""
    by_id = Labelling(folder, "ada").by_id
    assert all(id.startswith("u") and unit_id(graded.unit) == id for id, graded in by_id.items())


def test_a_run_is_judged_again_and_locked_meanwhile(folder):
    """Another process that uses the run is not disturbed; the labels stay."""
    labelling = Labelling(folder, "ada")
    add(labelling, labelling.pending(1)[0])
    with folder.lock(), pytest.raises(RunFolderError, match="Another process is using"):
        judge_again(folder)
    assert len(folder.labels_path.read_text().splitlines()) == 1
    before = folder.verdict_path.read_text()
    judged = judge_again(folder)
    assert judged.after and folder.verdict_path.read_text() != before
    assert folder.report_path.read_text() != "<html></html>"
