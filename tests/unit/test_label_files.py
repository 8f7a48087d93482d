"""labels.jsonl and label_weights.jsonl: nothing is lost, and what was broken by hand is named with its line."""

from datetime import UTC, datetime
from multiprocessing import get_context

import pytest

from bakeoff.errors import RunFolderError
from bakeoff.files import jsonl
from bakeoff.labelling.labelling import Labelling
from bakeoff.labelling.outlook import outlook
from bakeoff.measure.labels import Label, Unit
from bakeoff.pilot.regrade import regrade
from bakeoff.runs.folder import RunFolder
from bakeoff.runs.labels import append_labels, check_weights, labels_of, read_labels, read_weights, set_weights
from tests.unit.run_fixture import finished

UNITS = {Unit("q1", "yes"), Unit("q2", "no")}


def label(question_id="q1", text="yes", **more):
    fields = {"verdict": "right", "labeller": "ada", "at": datetime(2026, 1, 1, tzinfo=UTC)}
    return Label(question_id=question_id, text=text, **{**fields, **more})


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "labels.jsonl"
    append_labels(path, [label(), label("q2", "no", verdict="wrong", note="1 km\r2 km")])
    return path


def test_labels_come_back_in_order(path):
    """A carriage return inside a note does not end a line."""
    assert [(one.question_id, one.verdict, one.note) for one in read_labels(path, UNITS)] == [
        ("q1", "right", ""),
        ("q2", "wrong", "1 km\r2 km"),
    ]


def test_no_file_means_no_labels(tmp_path):
    """Nobody has begun."""
    assert read_labels(tmp_path / "labels.jsonl") == []


@pytest.mark.parametrize(
    "line, reason",
    [
        ("{broken", "Invalid JSON"),
        ('{"question_id":"q1","text":"yes","verdict":"good","labeller":"a","at":"2026-01-01T00:00:00Z"}', "'verdict'"),
        ('{"question_id":"q1","text":"yes","verdict":"right","at":"2026-01-01T00:00:00Z"}', "'labeller'"),
        ('{"question_id":"q1","text":"yes!","verdict":"right","labeller":"a","at":"2026-01-01T00:00:00Z"}', "'yes!'"),
    ],
)
def test_a_line_broken_by_hand_is_named(path, line, reason):
    """File, line, reason, and how to get a verdict without labels. The file stays as it is."""
    content = path.read_text() + line + "\n"
    path.write_text(content)
    with pytest.raises(RunFolderError) as error:
        read_labels(path, UNITS)
    assert f"{path}, line 3: " in error.value.message and reason in error.value.message
    assert "bakeoff report RUN" in error.value.remedy
    assert path.read_text() == content


def test_a_last_line_that_an_editor_left_open_counts(path):
    """It is read, and the next label does not overwrite it."""
    path.write_text(path.read_text().rstrip("\n"))
    assert len(read_labels(path)) == 2
    append_labels(path, [label(verdict="unsure")])
    assert [one.verdict for one in read_labels(path)] == ["right", "wrong", "unsure"]


def test_a_line_cut_off_by_a_kill_is_left_out(path):
    """It was never acknowledged."""
    path.write_bytes(path.read_bytes() + b'{"question_id":"q1","te')
    assert len(read_labels(path)) == 2
    append_labels(path, [label(verdict="unsure")])
    assert [one.verdict for one in read_labels(path)] == ["right", "wrong", "unsure"]


def _append_many(path, labeller):
    for _ in range(30):
        append_labels(path, [label(labeller=labeller, note="x" * 500)])


def test_two_processes_can_append_at_the_same_time(tmp_path):
    """No label of either is lost or mixed with another."""
    path = tmp_path / "labels.jsonl"
    processes = [get_context("spawn").Process(target=_append_many, args=(path, name)) for name in ("ada", "bob")]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    labellers = [one.labeller for one in read_labels(path)]
    assert sorted(labellers) == ["ada"] * 30 + ["bob"] * 30


def test_weights_are_set_once(tmp_path):
    """Probabilities must not depend on labels, so the first weights stay."""
    folder = RunFolder(tmp_path)
    assert read_weights(folder) == {}
    assert set_weights(folder, {Unit("q1", "yes"): 0.5}) == {Unit("q1", "yes"): 0.5}
    assert set_weights(folder, {Unit("q1", "yes"): 0.9}) == {Unit("q1", "yes"): 0.5}


def test_labels_without_their_weights_are_refused(path):
    """How the answers were drawn would be unknown."""
    with pytest.raises(RunFolderError, match="it is not known how their answers were drawn"):
        read_weights(RunFolder(path.parent))


@pytest.fixture
def run(tmp_path):
    """40 questions; both contenders are labelled on the first three."""
    folder = finished(tmp_path / "run").folder
    labelling = Labelling(folder, "ada")
    labelling.add(*(labelling.label(id, labelling.by_id[id].verdict) for id in labelling.by_id))
    return folder


def test_labels_of_questions_with_new_accepted_answers_are_set_aside(run, tmp_path):
    """They were given by the former answers. The others stay, and the file as it was; the page offers them again."""
    before = run.labels_path.read_bytes()
    asked = [question for question in run.questions() if question.split == "test"]
    rows = [f"{each.id},{each.text},{'wrong' if each.id == 'q0' else each.answers[0]}" for each in asked]
    file = tmp_path / "q.csv"
    file.write_text("\n".join(["id,question,answer", *rows]))
    regraded = regrade(run, [file])
    n_of_q0 = len(
        {answer.text for name in ("base", "rag") for answer in run.answers(name) if answer.question_id == "q0"}
    )
    assert regraded.set_aside == n_of_q0 > 0
    assert run.labels_path.with_name("labels.1.jsonl").read_bytes() == before
    assert not any(label.question_id == "q0" for label in read_labels(run.labels_path))
    assert len(read_labels(run.labels_path)) == len(before.splitlines()) - n_of_q0
    assert len(Labelling(run, "ada").pending()) == n_of_q0
    assert any("set aside" in warning for warning in run.data().warnings)
    assert regrade(run, [file]).set_aside == 0


def test_labels_are_not_lost_where_an_answer_needs_none_any_more(run):
    """A text is known as a refusal by now: its label is not used, the others are, and labelling goes on."""
    before = labels_of(run)
    gone = Unit("q39", "wrong")
    for name in ("base", "rag"):
        answers = [
            answer.model_copy(update={"abstained": answer.question_id == gone.question_id})
            for answer in run.answers(name)
        ]
        jsonl.write(run.answers_path(name), answers)
    after = labels_of(run)
    assert before.verdicts.keys() - after.verdicts.keys() == {gone} == before.chances.keys() - after.chances.keys()
    assert all(after.chances[unit] == before.chances[unit] for unit in after.chances)
    labelling = Labelling(run, "ada")
    assert {unit for unit, _ in labelling.labels()} == after.verdicts.keys()
    assert outlook(labelling) and not labelling.pending()


def test_weights_that_do_not_fit_the_answers_are_one_message(run):
    """A missing line, an answer that changed, a weight that is none: comparing says which file, not a traceback."""
    lines = run.label_weights_path.read_text().splitlines(keepends=True)
    run.label_weights_path.write_text("".join(lines[1:]))
    with pytest.raises(RunFolderError, match="does not fit the run's answers: 1 answers are in only one"):
        labels_of(run)
    run.label_weights_path.write_text("".join(lines).replace('"weight":', '"weight":-'))
    with pytest.raises(RunFolderError, match="weights are numbers above 0"):
        labels_of(run)
    run.label_weights_path.write_text("{broken\n" + "".join(lines))
    with pytest.raises(RunFolderError, match="line 1: not a UnitWeight") as error:
        labels_of(run)
    assert "begin again" in error.value.remedy
    run.label_weights_path.write_text("".join(lines))
    assert labels_of(run).is_enough
    with pytest.raises(RunFolderError, match="weights are numbers above 0"):
        check_weights(run, {Unit("q", "x"): float("inf")}, {Unit("q", "x")})
