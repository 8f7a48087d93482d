"""A round of learning on a small deployment with no model: reviewed questions in, a decision of the gate out."""

import errno
import importlib
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

from bakeoff.cli.learn import _show as show
from bakeoff.cli.main import app
from bakeoff.contenders.spec import Entry
from bakeoff.errors import ConfigError, InputError, LimitReachedError, RunFolderError
from bakeoff.files import jsonl
from bakeoff.learn.accounts.account import SHOWN, account_for, keeps_texts
from bakeoff.learn.bounds import Limits, Spending
from bakeoff.learn.decisions import level_of_next, read_decisions, record, record_rollback
from bakeoff.learn.evidence import GradedAnswer, state_of_evidence
from bakeoff.learn.learning import learn
from bakeoff.learn.promotion import approve, refuse
from bakeoff.learn.reviewed import Reviewed
from bakeoff.learn.rounds import begin_round
from bakeoff.models.spending.ledger import LEDGER, REPLIES
from bakeoff.pilot.hosting import spent_in
from bakeoff.pilot.run import run
from bakeoff.records import Question
from bakeoff.runs.folder import RunFolder
from bakeoff.serve.deployment import deploy, open_deployment
from bakeoff.serve.log import Log
from bakeoff.serve.log_entries import Decision, logged_answer
from bakeoff.serve.releases import current, previous, release_folder, rollback
from bakeoff.tuning.hosted.journal import JobRecord, Journal, jobs_in
from tests.end_to_end.small import environment, make

NOW = datetime(2026, 3, 2, tzinfo=UTC)
COLOURS = ("blue", "grey", "red", "green")
PLANETS = {f"Aldra{i}": (f"{10 + 7 * i} days", COLOURS[i % 4]) for i in range(32)}


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A finished run on 32 planets."""
    folder = tmp_path_factory.mktemp("learning")
    return run(make(folder, planets=PLANETS, general="builtin"), runs=folder / "runs")


def reviewed(n=24):
    """Questions of users about the planets, half of them drawn at random."""
    return [
        Reviewed(
            id=f"a{i}",
            question=f"Tell me the length of one year on {name}, please",
            answers=(year,),
            sampled=i % 2 == 0,
            at=NOW + timedelta(seconds=i),
        )
        for i, (name, (year, _)) in enumerate(list(PLANETS.items())[:n])
    ]


def test_a_better_candidate_replaces_what_is_served(finished, tmp_path, capsys):
    """`extract` is served, `rag` is much better on the same questions: the round promotes it and writes down why."""
    root = tmp_path / "deployment"
    deploy(finished, root, ["extract"])
    learned = learn(root, reviewed())
    assert learned.dev.order[0].contender == "rag"
    assert learned.decision.outcome == "promote", learned.decision.reason
    assert (current(root), previous(root)) == (2, 1)
    assert open_deployment(root).release.contender == "rag"
    assert [(of.round, of.outcome, of.candidate) for of in read_decisions(root)] == [(1, "promote", "2")]
    assert learned.decision.evidence == "decisions/round-1.jsonl"
    assert state_of_evidence(root, learned.decision) == "kept"
    answers = jsonl.read(root / "decisions" / "round-1.jsonl", GradedAnswer)
    assert {answer.who for answer in answers} == {"live", "candidate"}
    assert len(answers) == 2 * len({answer.question_id for answer in answers})
    slices = {
        answer.slice for answer in answers
    }  # rag is not tuned: nothing can be forgotten, so nothing general counts
    assert "unseen" in slices and "general" not in slices and all(answer.text for answer in answers)
    assert learned.report.exists()
    _check_account(root, learned)
    show(learned, root, "planets", Path("elsewhere"))
    *_, outcome, why, then, more = capsys.readouterr().out.splitlines()
    assert outcome == "Round 1: the candidate rag is live as release 2." and why == f"Why: {learned.decision.reason}"
    assert then == (
        "Next: watch it: bakeoff monitor planets --deployments elsewhere; "
        "back to release 1: bakeoff rollback planets --deployments elsewhere"
    )
    assert more.startswith("More: bakeoff decisions planets --round 1 --deployments elsewhere, or ")
    questions = jsonl.read(release_folder(root, 2) / "evidence" / "splits.jsonl", Question)
    assert {f"use-a{i}" for i in range(24)} <= {question.id for question in questions}
    splits: dict[str, set] = {}
    for question in questions:
        splits.setdefault(question.fact, set()).add(question.split)
    use = {question.fact for question in questions if question.id.startswith("use-")}
    before = {question.fact: question.split for question in finished.folder.questions()}
    assert all("train" in splits[fact] for fact in use if before.get(fact) == "train")
    with pytest.raises(InputError, match="nothing new to learn"):
        learn(root, reviewed())


def _check_account(root, learned):
    """The questions that decided are kept beside the log, and the round's report begins with the gate's decision."""
    account = account_for(root, learned.decision)
    assert (account.live.contender, account.live.release, account.candidate.contender) == ("extract", 1, "rag")
    assert account.n_gains > account.n_losses and len(account.gains) <= SHOWN
    texts = {answer.question_id: answer.text for answer in learned.round.folder.answers("rag")}
    for one in account.gains:
        assert one.candidate.came == "right" and one.live.came != "right" and one.answers
        assert one.candidate.text == texts[one.question_id].strip()
    folder = learned.round.folder.root
    report, page = learned.report.read_text(), learned.page.read_text()
    assert learned.page == folder / "decision.html" and account.gains[0].question in page
    assert "answers another question" in report and report.index("the candidate is promoted") < report.index(
        "Verdict of"
    )
    assert (folder / "report.md").read_text().index("## Round 1 of") < (folder / "report.md").read_text().index(
        "decision.html"
    )
    assert "the candidate is promoted" in (folder / "decision.md").read_text()
    explained = CliRunner().invoke(app, ["decisions", str(root), "--round", "1"], catch_exceptions=False).stdout
    assert max(map(len, explained.splitlines()[:-1])) <= 80  # the last line is a path
    assert "Candidate:      rag (release 2)" in explained
    assert account.losses or "Lost: 0 questions" in explained


def test_what_is_served_answers_in_the_round_as_it_was_measured(finished, tmp_path):
    """Its answers to the run's own test questions are word for word those of the run."""
    root = tmp_path / "deployment"
    deploy(finished, root, ["rag"])
    learned = learn(root, reviewed(4))
    then = {answer.question_id: answer.text for answer in finished.folder.answers("rag")}
    now = {answer.question_id: answer.text for answer in learned.round.folder.answers("live")}
    assert then.items() <= now.items() and learned.decision.live == 1
    assert learned.decision.outcome == "keep" and current(root) == 1


def test_nothing_is_tested_and_no_error_spent_if_dev_shows_nothing_better(finished, tmp_path, monkeypatch):
    """`rag` is served and the best: the reason names both. One that a person names is tested all the same.

    The scripted model takes no time, so its clock says nothing about costs.
    """
    monkeypatch.setattr("bakeoff.learn.candidates.saving", lambda *_: None)
    root = tmp_path / "deployment"
    deploy(finished, root, ["rag"])
    learned = learn(root, reviewed(4))
    assert learned.dev.live.utility >= learned.dev.order[0].utility and learned.dev.live.n_questions > 0
    assert learned.candidate is None and learned.decision.p is None and learned.decision.facts == ()
    assert learned.decision.reason.startswith("Nothing was tested and no error was spent")
    level = level_of_next(read_decisions(root))
    assert level == level_of_next([])
    named = learn(root, reviewed(8), candidate="extract")
    assert (named.candidate, named.decision.outcome) == ("extract", "keep")
    assert named.decision.p is not None and named.decision.level == level


def test_a_test_that_decided_in_many_rounds_goes_on_and_says_so(finished, tmp_path):
    """After twelve rounds on the same facts: nothing retires, the round decides, and a note says what to do."""
    root = tmp_path / "deployment"
    deploy(finished, root, ["extract"])
    facts = tuple({q.fact for q in finished.folder.questions() if q.split == "test" and q.slice != "general"})
    for number in range(1, 13):
        level = level_of_next(read_decisions(root))
        record(root, Decision(round=number, live=1, candidate="x", outcome="keep", reason="no", p=1.0, level=level,
                              facts=facts))  # fmt: skip
    notes = []
    learned = learn(root, reviewed(), listener=lambda event: notes.append(event.note))
    assert learned.decision.round == 13 and learned.decision.p is not None
    assert 30 <= len(set(learned.decision.facts) & set(facts)) < len(facts)
    assert any("decided in 10 rounds or more" in note and "Review more" in note for note in notes)


def test_a_test_with_too_few_facts_is_refused_before_anything_is_built(finished, tmp_path):
    """All documents but two have left: the next call starts a new round."""
    root = tmp_path / "deployment"
    deployment = deploy(finished, root, ["rag"])
    store = deployment.world.store
    store.delete([document.id for document in store.documents()][2:])
    for _ in range(2):
        with pytest.raises(InputError, match=r"The test of round 1 has \d+ facts; .* at least 30.*\n.*review more"):
            learn(root, [])
    assert read_decisions(root) == [] and not list((root / "rounds" / "round-1" / "answers").glob("*"))


def test_a_round_that_was_interrupted_goes_on_and_counts_once(finished, tmp_path):
    """A kill in the middle: the next call keeps what is on the disk, and one decision is written."""
    root = tmp_path / "deployment"
    deploy(finished, root, ["extract"])

    def stop(event):
        if event.stage == "answer" and event.contender == "rag" and event.note == "done":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        learn(root, reviewed(), listener=stop)
    assert current(root) == 1 and read_decisions(root) == []
    folder = RunFolder(root / "rounds" / "round-1")
    before = folder.answers_path("rag").read_bytes()
    notes = []
    learned = learn(root, [], listener=lambda event: notes.append(event.note))
    assert any("Going on with round 1" in note for note in notes)
    assert folder.answers_path("rag").read_bytes() == before
    assert learned.decision.outcome == "promote" and [of.round for of in read_decisions(root)] == [1]


def test_a_round_stops_at_its_time_or_money_and_goes_on_with_more(finished, tmp_path):
    """Neither costs anything that was done: the next call keeps the answers, and the round counts once."""
    root = tmp_path / "deployment"
    deploy(finished, root, ["extract"])
    with pytest.raises(LimitReachedError, match=r"its time is over.*\n.*bakeoff learn again"):
        learn(root, reviewed(), Limits(seconds=0.001))
    with pytest.raises(LimitReachedError, match=r"it has cost <0.0001.USD of at most"):
        learn(root, [], Limits(usd=0.00001))
    folder = RunFolder(root / "rounds" / "round-1")
    spent = Spending(folder).usd()
    assert spent >= 0.00001 and current(root) == 1 and read_decisions(root) == []
    assert learn(root, [], Limits(seconds=600, usd=100)).decision.outcome == "promote"
    assert Spending(folder).usd() > spent


def test_documents_that_changed_are_a_reason_to_learn_and_make_questions_doubtful(finished, tmp_path):
    """A year became longer: the question with the old answer is set aside, and the others are asked again."""
    root = tmp_path / "deployment"
    deployment = deploy(finished, root, ["rag"])
    store = deployment.world.store
    document = store.get_by_source("aldra3.md")
    store.upsert([document.model_copy(update={"text": document.text.replace("31 days", "44 days")})])
    learned = learn(root, [])
    assert set(learned.round.begun.outdated) == {f"Aldra3-year-{i}" for i in range(3)}
    assert any("questions are set aside" in note for note in learned.round.begun.notes)
    assert learned.round.begun.notes[0].startswith("No reviewed question is new, so this round has nothing to learn")
    assert "Aldra3-year" not in {question.fact for question in learned.round.prepared.questions}


def test_a_candidate_that_does_not_exist_is_named_and_nothing_changes(finished, tmp_path):
    """Before anything is built. The error lists what is there; the round can go on."""
    root = tmp_path / "deployment"
    deploy(finished, root, ["extract"])
    events = []
    with pytest.raises(ConfigError, match=r"'tuned' is not among the contenders of round 1: .*rag"):
        learn(root, reviewed(), candidate="tuned", listener=events.append)
    assert events == [] and not list((root / "rounds" / "round-1" / "answers").glob("*"))
    with pytest.raises(ConfigError, match="'live' is not among"):
        learn(root, [], candidate="live")
    assert current(root) == 1 and read_decisions(root) == []
    assert learn(root, [], candidate="rag").decision.outcome == "promote"


def test_with_approval_required_the_candidate_waits(finished, tmp_path):
    """It is written as a release, and not live."""
    root = tmp_path / "deployment"
    deploy(finished, root, ["extract"])
    learned = learn(root, reviewed(), require_approval=True)
    assert learned.decision.outcome == "waits" and current(root) == 1
    with pytest.raises(InputError, match="Round 1 passed the gate and waits for a person"):
        learn(root, reviewed())
    refuse(root, 1, "Ada", "too curt")
    with pytest.raises(InputError, match=r"round 1 decided on the same questions, documents.*\n?.*\(waits\)"):
        learn(root, reviewed())
    assert learn(root, reviewed(26)).decision.outcome == "waits" and current(root) == 1


def test_what_was_taken_back_does_not_return_by_itself(finished, tmp_path):
    """The same data decide nothing again, and with new data a person has the last word."""
    root = tmp_path / "deployment"
    deploy(finished, root, ["extract"])
    assert learn(root, reviewed()).decision.outcome == "promote"
    live = current(root)
    record_rollback(root, live, rollback(root).number, "users complain", "Ada")
    with pytest.raises(InputError, match="round 1 decided on the same questions"):
        learn(root, reviewed())
    assert learn(root, reviewed(26)).decision.outcome == "waits" and current(root) == 1
    approve(root, 2, "Ada")
    assert open_deployment(root).release.contender == "rag"


def test_the_same_data_are_not_tested_twice(finished, tmp_path):
    """A second look at the same answers would use up the error of later rounds. Other contenders are another round."""
    root = tmp_path / "deployment"
    deploy(finished, root, ["rag"])
    assert learn(root, reviewed(4)).decision.outcome == "keep"
    with pytest.raises(InputError, match="round 1 decided on the same questions, documents and contenders"):
        learn(root, reviewed(4))
    assert learn(root, reviewed(4), Limits(contenders=("extract",))).decision.round == 2


def test_an_interrupted_round_can_be_dropped(finished, tmp_path):
    """What came since is named; with `restart` the round begins again with it."""
    root = tmp_path / "deployment"
    deploy(finished, root, ["extract"])
    with pytest.raises(LimitReachedError):
        learn(root, reviewed(20), Limits(seconds=0.001))
    notes = []
    with pytest.raises(LimitReachedError):
        learn(root, reviewed(), Limits(seconds=0.001), listener=lambda event: notes.append(event.note))
    assert any("4 reviewed questions came later" in note and "--restart" in note for note in notes)
    learned = learn(root, reviewed(), restart=True)
    assert learned.round.begun.reviewed == 24 and learned.decision.round == 1


def test_a_review_is_not_tested_once_the_document_says_something_else(finished, tmp_path):
    """It was reviewed with the documents before; the round names it with the known questions that are in doubt."""
    deployment = deploy(finished, tmp_path / "deployment", ["rag"])
    store = deployment.world.store
    version, document = store.version, store.get_by_source("aldra3.md")
    store.upsert([document.model_copy(update={"text": document.text.replace("31 days", "44 days")})])
    asked = [one for one in reviewed() if one.id in ("a3", "a4")]
    sources = {"a3": ("aldra3.md",), "a4": ("aldra4.md",)}
    asked = [
        one.model_copy(update={"documents_version": version, "sources": sources[one.id], "sampled": True})
        for one in asked
    ]
    begun = begin_round(deployment, 1, asked).begun
    assert begun.new == ("use-a4",) and "use-a3" in begun.outdated
    assert any("Tell me the length of one year on Aldra3, please" in note for note in begun.notes)
    again = asked[0].model_copy(update={"answers": ("44 days",), "documents_version": store.version})
    begun = begin_round(deployment, 1, [again, asked[1]]).begun
    assert begun.new == ("use-a3", "use-a4") and "use-a3" not in begun.outdated


@pytest.mark.parametrize("has_same_data", [True, False])
def test_a_round_that_begins_again_knows_what_it_has_paid(finished, tmp_path, has_same_data):
    """The ledger stays, and the orders at tuning hosts: in their place if they go on, else where they only count."""
    deployment = deploy(finished, tmp_path / "deployment", ["rag"])
    asked = reviewed()
    first = begin_round(deployment, 1, asked)
    root = first.folder.root
    (root / LEDGER).write_text("paid\n")
    (root / REPLIES).write_text("answered\n")
    orders = first.folder.world / "adapters" / "a tuned model"
    orders.mkdir(parents=True)
    (orders / "weights.bin").write_text("made")
    Journal(orders).write(order("job-1", 3.0))
    for limits, counted in ((Limits(contenders=("rag",)), 3.0), (Limits(), 3.0)):
        again = begin_round(deployment, 1, asked if has_same_data else asked[:-1], limits)
        assert again.folder.root == root and again.begun.contenders == limits.contenders
        assert len(again.prepared.documents) == len(first.prepared.documents) > 0
        assert (root / LEDGER).read_text() == "paid\n" and (root / REPLIES).read_text() == "answered\n"
        assert not (orders / "weights.bin").exists() and orders.exists() == has_same_data
        assert [job.name for job in jobs_in(root)] == ["job-1"] and spent_in(root) == counted


@pytest.mark.parametrize("step", ["remove_store", "resume", "move_store", "remember", "write_record"])
def test_a_kill_while_a_round_begins_again_orders_nothing_again(finished, tmp_path, monkeypatch, step):
    """Questions and documents are the same, so an order stays where the next session finds it."""
    deployment = deploy(finished, tmp_path / "deployment", ["rag"])
    first = begin_round(deployment, 1, reviewed())
    orders = first.folder.world / "adapters" / "a tuned model"
    orders.mkdir(parents=True)
    Journal(orders).write(order("job-1", 3.0))
    there = importlib.import_module("bakeoff.learn.rounds")
    real = getattr(there, step)

    def killed(*given):
        if step == "remove_store" and given[0] != first.folder.root:
            return real(*given)
        raise KeyboardInterrupt

    monkeypatch.setattr(there, step, killed)
    with pytest.raises(KeyboardInterrupt):
        begin_round(deployment, 1, reviewed())
    monkeypatch.undo()
    begin_round(deployment, 1, reviewed())
    assert Journal(orders).read() is not None and len(jobs_in(first.folder.root)) == 1


def test_a_round_rents_nothing(finished, tmp_path):
    """A contender that answers from a deployment only cannot be served, so nothing is paid for it. What it is stays."""
    deployment = deploy(finished, tmp_path / "deployment", ["rag"])
    rented = {"api": "together", "training_price": 1.0, "deployment": {"hardware": "1x", "minute_price": 0.1}}
    entry = Entry(like="tuned", name="there", tuning={"epochs": 2, "host": {**rented, "local": "generator"}})
    config = deployment.config.model_copy(update={"contenders": (*deployment.config.contenders, entry)})
    with_rented = SimpleNamespace(**{name: getattr(deployment, name) for name in ("release", "root")}, config=config)
    begun = begin_round(with_rented, 1, reviewed())
    (there,) = (one for one in begun.folder.config().contenders if one.called == "there")
    assert there.tuning == {"epochs": 2, "host": {"api": "together", "training_price": 1.0, "local": "generator"}}
    assert any(note.startswith("there: no deployment is started") for note in begun.begun.notes)


def order(name, usd):
    """The record of a job that is under way at a host."""
    named = {"name": name, "host": "h", "api": "openai", "base_model": "m", "begins_with": "m"}
    return JobRecord(
        **named, n_examples=1, epochs=1, most_tokens=9, most_usd=usd, limit_usd=9.0, begun_at=0.0, step="created"
    )


def test_facts_and_splits_of_a_round_that_kept_what_was_served_are_kept(finished, tmp_path):
    """The release knows nothing of them; the next round reads them from the folder of the deployment."""
    deployment = deploy(finished, tmp_path / "deployment", ["rag"])
    colour = Reviewed(id="m1", question="How tall is the tower on Aldra3?", answers=("9 m",), at=NOW)
    first = begin_round(deployment, 1, [colour])
    (before,) = [question for question in first.folder.questions() if question.id == "use-m1"]
    earlier = colour.model_copy(
        update={
            "id": "a1",
            "question": "Aldra3: how tall is its tower?",
            "sampled": True,
            "at": NOW - timedelta(days=9),
        }
    )
    after = {q.id: q for q in begin_round(deployment, 1, [earlier, colour]).folder.questions()}
    assert before.split in ("train", "dev")
    assert {(after[key].fact, after[key].split) for key in ("use-m1", "use-a1")} == {(before.fact, before.split)}


def noted(root, *arguments):
    """A round, and what it says meanwhile."""
    notes: list[str] = []
    learned = learn(root, *arguments, listener=lambda event: notes.append(event.note))
    return learned, [note for note in notes if note.startswith("note: ")]


def breaks(self, *_arguments):
    raise RuntimeError("CUDA out of memory")


def test_a_candidate_that_fails_to_build_is_left_out_and_the_others_are_tested(finished, tmp_path, monkeypatch):
    """The reason stands in what is said, in the report and in what the round gives."""
    root = tmp_path / "deployment"
    deploy(finished, root, ["extract"])
    monkeypatch.setattr("bakeoff.contenders.rag.Rag.calibrate", breaks)
    learned, notes = noted(root, reviewed())
    reason = "its calibration or test failed: RuntimeError: CUDA out of memory"
    assert learned.left_out == {"rag": reason} and f"note: rag is left out: {reason}" in notes
    assert reason in learned.report.with_name("report.md").read_text()
    assert {one.contender for one in learned.dev.order} == {"base", "extract", "long-context"}
    assert [of.round for of in read_decisions(root)] == [1]


def test_a_round_needs_what_is_served_and_a_candidate(finished, tmp_path, monkeypatch):
    """Each error names the contender and its reason; repaired, the same round goes on."""
    root = tmp_path / "deployment"
    deploy(finished, root, ["extract"])
    only_rag = Limits(contenders=("rag",))
    with monkeypatch.context() as broken:
        broken.setattr("bakeoff.contenders.rag.Rag.calibrate", breaks)
        with pytest.raises(ConfigError, match=r"No candidate could be built in round 1\. rag: .*CUDA out of memory"):
            learn(root, reviewed(), only_rag)
    with monkeypatch.context() as broken:
        broken.setattr("bakeoff.learn.live.Live.open", breaks)
        with pytest.raises(RunFolderError, match=r"What is served could not be asked in round 1: .*CUDA out of memory"):
            learn(root, [])
    learned, notes = noted(root, [], only_rag)
    assert any("Going on with round 1" in note for note in notes)
    assert learned.decision.outcome == "promote" and learned.left_out == {}


def test_a_round_with_other_contenders_starts_again(finished, tmp_path):
    """It says so. Without the option the round that was interrupted goes on, whatever it was begun with."""
    root = tmp_path / "deployment"
    deploy(finished, root, ["extract"])
    with pytest.raises(LimitReachedError):
        learn(root, reviewed(), Limits(seconds=0.001))
    with pytest.raises(LimitReachedError):
        learn(root, reviewed(), Limits(seconds=0.001, contenders=("rag", "base")))
    assert RunFolder(root / "rounds" / "round-1").config().contenders[0].called == "base"
    assert len(RunFolder(root / "rounds" / "round-1").config().contenders) == 3
    learned, notes = noted(root, reviewed(), Limits(contenders=("rag",)))
    assert "note: Round 1 starts again: it was begun with another --contender." in notes
    assert [one.contender for one in learned.dev.order] == ["rag"] and learned.decision.outcome == "promote"


def test_what_passed_with_a_full_disk_is_served_by_the_next_call(finished, tmp_path, monkeypatch):
    """It only writes the release: nothing is asked, and no other round begins."""
    root = tmp_path / "deployment"
    deploy(finished, root, ["extract"])

    def full(*_arguments, **_more):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as disk:
        disk.setattr(shutil, "copytree", full)
        with pytest.raises(RunFolderError, match="Round 1 passed the gate, but its release could not be written"):
            learn(root, reviewed())
    assert current(root) == 1 and [of.outcome for of in read_decisions(root)] == ["promote"]
    learned, notes = noted(root, reviewed())
    assert notes == ["note: Round 1 passed before; its candidate is served only now."]
    assert (learned.decision.outcome, learned.decision.candidate, current(root)) == ("promote", "2", 2)
    assert learned.report.exists() and learned.round.begun.decided and len(read_decisions(root)) == 1
    with pytest.raises(InputError, match="nothing new to learn"):
        learn(root, reviewed())


def test_a_full_disk_in_a_round_says_how_it_goes_on(finished, tmp_path, monkeypatch):
    """Wherever it is found."""
    root = tmp_path / "deployment"
    deploy(finished, root, ["extract"])

    def full(*_arguments, **_more):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as disk:
        disk.setattr("bakeoff.contenders.world.WorldFolder.save", full)
        with pytest.raises(RunFolderError, match=r"No space left.*\n.*free some space, then call bakeoff learn again"):
            learn(root, reviewed())
    assert learn(root, []).decision.outcome == "promote"


def test_evidence_has_no_texts_where_the_log_keeps_none(finished, tmp_path):
    """Grades and ids stay."""
    root = tmp_path / "deployment"
    deploy(finished, root, ["extract"])
    assert keeps_texts(root)
    with Log(root / "log.sqlite", keep_texts=False) as log:
        log.append(logged_answer(finished.answers("extract")[0], "How long is a year?", id="a1", key="k", version="1"))
    assert not keeps_texts(root)
    learn(root, reviewed(), Limits(contenders=("rag",)))
    answers = jsonl.read(root / "decisions" / "round-1.jsonl", GradedAnswer)
    assert answers and all(answer.text is None and answer.question is None for answer in answers)


LEARNS = """
import sys, time
from pathlib import Path
from bakeoff.errors import BakeoffError
from bakeoff.learn.learning import learn
from tests.end_to_end.test_learn import reviewed
print("ready", flush=True)
sys.stdin.readline()
try:
    print(learn(Path(sys.argv[1]), reviewed()).decision.outcome)
except BakeoffError as error:
    print(type(error).__name__, error.message)
"""


def test_of_two_rounds_at_once_one_is_refused_and_the_other_is_not_disturbed(finished, tmp_path):
    """Started at the same moment, by two processes."""
    root = tmp_path / "deployment"
    deploy(finished, root, ["extract"])
    both = [
        subprocess.Popen(
            [sys.executable, "-c", LEARNS, str(root)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment(),
        )
        for _ in range(2)
    ]
    for one in both:
        assert one.stdout is not None and one.stdout.readline() == "ready\n"
    for one in both:
        assert one.stdin is not None
        one.stdin.write("\n")
        one.stdin.flush()
    said = sorted(one.communicate()[0].strip() for one in both)
    assert said == [f"RunFolderError Another round of learning is in progress in {root}.", "promote"]
    assert current(root) == 2 and [of.round for of in read_decisions(root)] == [1]


def test_a_folder_that_is_no_deployment_gets_no_lock(tmp_path):
    """It is named, and nothing is written into it."""
    with pytest.raises(RunFolderError, match="is not a deployment"):
        learn(tmp_path, reviewed())
    assert list(tmp_path.iterdir()) == []
