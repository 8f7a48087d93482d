"""A decision is written down before anything is served by it; approvals, refusals and rollbacks stand beside it."""

import errno
import hashlib
import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bakeoff.cli.decision_lines import closing
from bakeoff.cli.main import app
from bakeoff.errors import BakeoffError, InputError, RunFolderError
from bakeoff.learn import promotion
from bakeoff.learn.decisions import (
    later,
    level_of_next,
    next_round,
    read_decisions,
    record,
    record_rollback,
    round_of,
    spent,
    uses,
    waiting,
)
from bakeoff.learn.evidence import state_of_evidence
from bakeoff.learn.gate.spending import ERROR, FIRST, share
from bakeoff.learn.gate.tested import GateDecision
from bakeoff.learn.promotion import Candidate, GateRound, approve, carry_out, decide_promotion, refuse, release_of
from bakeoff.learn.rounds import Begun, learning
from bakeoff.runs.folder import RunFolder, write_record
from bakeoff.runs.run import Run
from bakeoff.serve import releases as releases_module
from bakeoff.serve.deployment import deploy
from bakeoff.serve.log import Log
from bakeoff.serve.log_entries import Decision
from bakeoff.serve.releases import (
    add_release,
    current,
    history,
    make_current,
    numbers,
    previous,
    promoting,
    read_release,
    rollback,
)
from tests.unit.released import released_run


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A finished run."""
    return released_run(tmp_path_factory.mktemp("runs") / "planets")


@pytest.fixture
def root(run, tmp_path, monkeypatch) -> Path:
    """The deployment `planets` that serves `rag` as release 1."""
    monkeypatch.chdir(tmp_path)
    return deploy(run, tmp_path / "deployments" / "planets", ["rag"]).root


@pytest.fixture
def candidate(run) -> Candidate:
    return Candidate(run, ("base", "rag"))


def said(root: Path, promote: bool = True, p: float | None = 1e-6, **more) -> GateDecision:
    """What the gate says at the level of the next round."""
    level = level_of_next(read_decisions(root))
    values = {"reasons": ("Because.",), "facts": ("f1", "f2"), "difference": 0.1, "low": 0.02, "high": 0.18}
    return GateDecision(promote=promote, p=p, level=level, **values | more)


def turn(root: Path) -> GateRound:
    return GateRound(next_round(read_decisions(root)), current(root))


def decide(root, candidate, require_approval=False, **more):
    return decide_promotion(root, turn(root), said(root, **more), candidate, require_approval)


def test_what_passes_the_gate_is_live_and_written_down(root, candidate, tmp_path):
    """The entry holds what was measured, the facts, and the checksum of the evidence."""
    evidence = tmp_path / "evidence.json"
    evidence.write_text("{}")
    decision = decide_promotion(root, GateRound(1, 1, evidence), said(root), candidate)
    assert (decision.outcome, decision.live, decision.candidate, current(root)) == ("promote", 1, "2", 2)
    assert decision.evidence_sha256 == hashlib.sha256(b"{}").hexdigest()
    assert read_decisions(root) == [decision]
    assert history(root)[-1].reason == "round 1: Because."


def test_what_does_not_pass_changes_nothing_and_is_written_down(root, candidate, run):
    """No release is written for it."""
    decision = decide(root, candidate, promote=False, p=0.4)
    assert (decision.outcome, decision.candidate) == ("keep", str(run.folder.root))
    assert current(root) == 1 and numbers(root) == [1]


def test_levels_and_uses_are_read_from_the_log(root, candidate):
    """A round in which nothing was tested spends nothing and uses no fact."""
    decide(root, candidate, promote=False, p=None)
    assert level_of_next(read_decisions(root)) == pytest.approx(ERROR * FIRST)
    decide(root, candidate, promote=False, p=0.4)
    decide(root, candidate)
    decisions = read_decisions(root)
    assert [of.level for of in spent(decisions)] == pytest.approx([ERROR * FIRST, ERROR * share(2)])
    assert level_of_next(decisions) == pytest.approx(ERROR * (share(2) + share(3)))
    assert uses(decisions) == {"f1": 2, "f2": 2} and next_round(decisions) == 4


def test_a_promotion_waits_for_a_person(root, candidate):
    """The candidate is kept as a release that is not live until somebody approves."""
    decision = decide(root, candidate, require_approval=True)
    assert decision.outcome == "waits" and current(root) == 1 and numbers(root) == [1, 2]
    assert [of.round for of in waiting(read_decisions(root))] == [1]
    with pytest.raises(InputError, match="name of the person"):
        approve(root, 1, "  ")
    approved = approve(root, 1, " Ada ")
    assert (approved.outcome, approved.by, current(root)) == ("approved", "Ada", 2)
    assert waiting(read_decisions(root)) == []
    with pytest.raises(InputError, match=r"Round 1 does not wait for an approval: its outcome is 'approved' by Ada"):
        approve(root, 1, "Ben")


def test_a_refused_candidate_is_not_served(root, candidate):
    """Nor can it be approved later; its test still counts."""
    decide(root, candidate, require_approval=True)
    assert refuse(root, 1, "Ada", "the tone").reason == "the tone"
    with pytest.raises(InputError, match="refused"):
        approve(root, 1, "Ada")
    assert current(root) == 1 and next_round(read_decisions(root)) == 2


def test_an_unknown_round_names_those_that_wait(root, candidate):
    decide(root, candidate, require_approval=True)
    with pytest.raises(InputError, match=r"there is no such round.\n.*name one that does: 1"):
        approve(root, 7, "Ada")


def test_an_approval_after_another_promotion_is_refused(root, run, candidate):
    """It was compared with a release that is not live any more; back on that one it can be approved."""
    decide(root, candidate, require_approval=True)
    make_current(root, add_release(root, run, ["rag"], "by hand").number)
    with pytest.raises(RunFolderError, match="compared its candidate with release 1; release 3 is live"):
        approve(root, 1, "Ada")
    rollback(root)
    approve(root, 1, "Ada")
    assert current(root) == 2


def test_a_candidate_compared_with_another_release_than_the_live_one_is_kept_out(root, run, candidate):
    """The deployment changed during the round. The test counts."""
    of, words = turn(root), said(root)
    make_current(root, add_release(root, run, ["rag"], "by hand").number)
    decision = decide_promotion(root, of, words, candidate)
    assert decision.outcome == "keep" and "release 2 is live now" in decision.reason and current(root) == 2
    assert len(spent(read_decisions(root))) == 1


def test_two_rounds_at_once_cannot_spend_the_same_level(root, candidate):
    """The second one is refused: it was tested at the level that the first one spent."""
    of, words = turn(root), said(root)
    decide_promotion(root, of, words, candidate)
    with pytest.raises(InputError, match="another round was decided since it began"):
        decide_promotion(root, of, words, candidate)
    with pytest.raises(InputError, match="another round was decided"):
        decide_promotion(root, GateRound(2, 2), words.model_copy(update={"level": 0.05}), candidate)


def test_two_promotions_at_once(root, candidate):
    """One thread holds the lock; the other is told, and nothing is written."""
    import threading

    errors: list[Exception] = []

    def other() -> None:
        try:
            decide(root, candidate)
        except RunFolderError as error:
            errors.append(error)

    with promoting(root):
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
    assert "Another promotion is in progress" in str(errors[0]) and read_decisions(root) == []


def fails(*_args, **_more):
    raise RunFolderError("The disk is full.", "free some space")


def full(*_args, **_more):
    raise OSError(errno.ENOSPC, "No space left on device")


@pytest.fixture
def made(root, run) -> Candidate:
    """The candidate of a round: its run is in a folder of the deployment."""
    folder = shutil.copytree(run.folder.root, root / "rounds" / "round-1")
    return Candidate(Run(RunFolder(folder)), ("base", "rag"))


def without_room(root, made, monkeypatch, **more) -> str:
    """A decision while nothing can be copied; gives what is said."""
    with monkeypatch.context() as disk, pytest.raises(RunFolderError) as error:
        disk.setattr(shutil, "copytree", full)
        decide(root, made, **more)
    return " ".join(str(error.value).split())


def test_what_passed_is_kept_when_there_is_no_room_for_its_release(root, made, monkeypatch):
    """The test counts once, and only the release is written when there is room."""
    said_then = without_room(root, made, monkeypatch)
    assert "Round 1 passed the gate, but its release could not be written" in said_then
    assert "The decision is kept. -> free some space, then call: bakeoff learn DEPLOYMENT, which only" in said_then
    (decision,) = read_decisions(root)
    assert (decision.outcome, decision.candidate) == ("promote", "rounds/round-1") and current(root) == 1
    assert release_of(root, decision) is None
    with (
        monkeypatch.context() as disk,
        pytest.raises(RunFolderError, match=r"could still not be written.*No space left"),
    ):
        disk.setattr(shutil, "copytree", full)
        carry_out(root)
    assert numbers(root) == [1]
    assert carry_out(root) == 2 and current(root) == 2 and release_of(root, decision) == 2
    assert read_release(root, 2).contenders == ("base", "rag")
    assert read_decisions(root) == [decision] and len(spent([decision])) == 1
    rollback(root)
    assert carry_out(root) is None and numbers(root) == [1, 2]


def test_a_candidate_whose_files_are_gone_is_given_up_and_its_round_can_still_be_read(root, made, monkeypatch):
    """Nothing brings them back, so the next call does not fail for ever; the figures of the test stay."""
    without_room(root, made, monkeypatch)
    tested = read_decisions(root)[0]
    with monkeypatch.context() as files:
        missing = shutil.Error([("a", "b", "[Errno 2] No such file or directory: 'a'")])

        def gone(*args, **kwargs):
            raise missing

        files.setattr(shutil, "copytree", gone)
        assert carry_out(root) is None
    assert carry_out(root) is None and current(root) == 1
    first, then = read_decisions(root)
    assert (first, then.outcome, then.p) == (tested, "keep", None) and "could not be written" in then.reason
    assert round_of([first, then], 1, "") == tested and later([first, then], tested) == [then]


def test_a_release_that_was_written_after_all_is_not_written_twice(root, made, monkeypatch):
    """A kill between the release and the pointer."""
    without_room(root, made, monkeypatch)
    with monkeypatch.context() as killed:
        killed.setattr(promotion, "make_current", fails)
        with pytest.raises(RunFolderError):
            carry_out(root)
    assert carry_out(root) == 2 and numbers(root) == [1, 2]


def test_what_waits_is_kept_when_there_is_no_room_for_its_release(root, made, monkeypatch):
    """Nobody has approved it, so nothing writes it but the approval."""
    assert "then call: bakeoff approve DEPLOYMENT 1 --by NAME" in without_room(
        root, made, monkeypatch, require_approval=True
    )
    assert carry_out(root) is None and [of.round for of in waiting(read_decisions(root))] == [1]
    approved = approve(root, 1, "Ada")
    assert (approved.candidate, current(root), numbers(root)) == ("2", 2, [1, 2])


def test_what_passed_and_is_gone_can_be_refused(root, made, monkeypatch):
    """An approval says so, and a promotion gives up."""
    without_room(root, made, monkeypatch, require_approval=True)
    shutil.rmtree(made.run.folder.root)
    with pytest.raises(RunFolderError, match="The candidate of round 1 is gone"):
        approve(root, 1, "Ada")
    assert refuse(root, 1, "Ada").outcome == "refused" and numbers(root) == [1]


def test_a_candidate_that_is_no_longer_what_was_measured_is_given_up(root, made, monkeypatch):
    """At once, or when there is room again. The test counts once, and the next round is not in its way."""
    without_room(root, made, monkeypatch)
    (made.run.folder.world / "contenders" / "rag" / "contender.json").write_text("{}")
    with pytest.raises(BakeoffError):
        add_release(root, made.run, made.contenders, "")
    assert carry_out(root) is None and carry_out(root) is None
    last = read_decisions(root)[-1]
    assert (last.outcome, last.round) == ("keep", 1) and "could still not be written" in last.reason
    assert len(spent(read_decisions(root))) == 1 and next_round(read_decisions(root)) == 2


def test_a_release_that_cannot_be_what_was_measured_counts_the_test(root, candidate, monkeypatch):
    """The live one stays, and the reason says why."""
    with monkeypatch.context() as changed:
        changed.setattr(promotion, "add_release", fails)
        with pytest.raises(RunFolderError, match="disk is full"):
            decide(root, candidate)
    (decision,) = read_decisions(root)
    assert decision.outcome == "keep" and "could not be written: The disk is full." in decision.reason
    assert current(root) == 1 and len(spent([decision])) == 1


def test_a_failure_after_the_pointer_has_moved_is_not_told_as_one_of_the_promotion(root, run, candidate, monkeypatch):
    """Old releases stay, or the flush to the disk failed: what is live is said as it is."""
    with monkeypatch.context() as broken:
        broken.setattr(promotion, "prune", fails)
        assert decide(root, candidate).outcome == "promote" and current(root) == 2
    third = add_release(root, run, ["rag"], "by hand")
    with monkeypatch.context() as broken:
        broken.setattr(releases_module, "to_disk", full)
        with pytest.raises(RunFolderError, match=r"Release 3 is live now, but .* could not be flushed"):
            make_current(root, third.number)
    assert current(root) == 3


def test_a_rollback_is_respected_without_the_history(root, candidate):
    """It may be deleted. A release that may have been live since the decision is not made live again."""
    decide(root, candidate)
    rollback(root)
    (root / "history.jsonl").unlink()
    assert carry_out(root) is None and current(root) == 1
    make_current(root, 2)
    rollback(root, to=1)
    assert carry_out(root) is None and current(root) == 1


def test_a_deployment_without_a_history_has_one_from_its_first_promotion(root, candidate, monkeypatch):
    """So an interrupted promotion is carried out there too."""
    (root / "history.jsonl").unlink()
    with monkeypatch.context() as killed:
        killed.setattr(promotion, "make_current", fails)
        with pytest.raises(RunFolderError):
            decide(root, candidate)
    assert carry_out(root) == 2 and previous(root) == 1


def test_the_release_of_a_refused_candidate_is_removed_and_its_number_is_not_given_again(root, run, candidate):
    """What is live, was live before or waits stays."""
    decide(root, candidate, require_approval=True)
    decide(root, candidate, require_approval=True)
    refuse(root, 2, "Ada")
    assert numbers(root) == [1, 2]
    assert add_release(root, run, ["rag"], "by hand").number == 4
    make_current(root, 2)
    rollback(root)
    refuse(root, 1, "Ada")
    assert numbers(root) == [1, 2, 4]


def test_what_waits_is_not_pruned(root, candidate):
    """However many releases are made meanwhile."""
    decide(root, candidate, require_approval=True)
    for _ in range(7):
        decide(root, candidate)
    assert numbers(root) == [2, *range(5, 10)]


def test_evidence_is_named_relative_to_the_deployment_and_its_state_is_shown(root, candidate):
    """Whether it is still what the decision saw, from any folder."""
    evidence = root / "decisions" / "round-1.jsonl"
    evidence.parent.mkdir()
    evidence.write_text("{}\n")
    decision = decide_promotion(root, GateRound(1, 1, evidence), said(root), candidate)
    assert decision.evidence == "decisions/round-1.jsonl" and state_of_evidence(root, decision) == "kept"
    assert f"graded in each round: {Path('deployments') / 'planets' / 'decisions'}" in shown("decisions", "planets")
    evidence.write_text("{ }\n")
    assert "The evidence of round 1 is changed: decisions/round-1.jsonl" in shown("decisions", "planets")
    evidence.unlink()
    assert "The evidence of round 1 is gone" in shown("decisions", "planets")
    listed = json.loads(call("decisions", "planets", "--json").stdout)
    assert [(one["evidence_is"], one["release"]) for one in listed] == [("gone", 2)]


def shown(*arguments: object) -> str:
    return call(*arguments).stderr


def test_a_promotion_that_was_interrupted_is_carried_out_later(root, candidate, monkeypatch):
    """The decision is in the log, the pointer was not changed: the next call changes it, once."""
    with monkeypatch.context() as full:
        full.setattr(promotion, "make_current", fails)
        with pytest.raises(RunFolderError):
            decide(root, candidate)
    assert current(root) == 1
    assert carry_out(root) == 2 and current(root) == 2 and carry_out(root) is None


def test_a_promotion_that_was_taken_back_is_not_carried_out_again(root, candidate):
    """Neither after a rollback that is in the log, nor after one that is only in the history."""
    decide(root, candidate)
    rollback(root)
    assert carry_out(root) is None and current(root) == 1
    record_rollback(root, 2, 1, "users complain", "Ada")
    assert carry_out(root) is None and current(root) == 1


def call(*arguments: object):
    return CliRunner().invoke(app, [str(argument) for argument in arguments], catch_exceptions=False)


def test_the_list_names_a_round_that_is_not_decided(root):
    """It is going on, or was stopped: then with the command that goes on. Not once it is decided."""
    begun = Begun(number=1, release=1, contender="rag", live="live")
    (root / "rounds" / "round-1").mkdir(parents=True)
    write_record(root / "rounds" / "round-1" / "round.json", begun)
    stopped = "Round 1 was begun and stopped; this goes on with it: bakeoff learn planets"
    assert stopped in call("decisions", "planets").stderr
    with learning(root):
        assert "Round 1 is going on now." in call("decisions", "planets").stderr
    write_record(root / "rounds" / "round-1" / "round.json", begun.model_copy(update={"decided": True}))
    assert "Round 1" not in call("decisions", "planets").stderr


def test_the_commands_list_approve_and_refuse(root, candidate):
    """By the deployment's name; a rollback stands in the same list."""
    assert "No candidate was tested yet" in call("decisions", "planets").stderr
    decide(root, candidate, require_approval=True)
    listing = call("decisions", "planets")
    assert "waits" in listing.stdout and "Round 1 waits: bakeoff approve planets 1" in listing.stderr
    assert "bakeoff decisions planets --round N" in listing.stderr
    assert "Live is release 2, approved by Ada." in call("approve", "planets", 1, "--by", "Ada").stdout
    decide(root, candidate, require_approval=True)
    refused = json.loads(call("refuse", "planets", 2, "--by", "Ben", "--reason", "tone", "--json").stdout)
    assert (refused["outcome"], refused["by"], refused["reason"]) == ("refused", "Ben", "tone")
    call("rollback", "planets", "--reason", "users complain")
    shown = json.loads(call("decisions", root, "--json").stdout)
    assert [one["outcome"] for one in shown] == ["rolled back", "refused", "waits", "approved", "waits"]
    assert shown[0]["reason"] == "users complain" and shown[0]["live"] == 2


def test_the_list_has_a_line_a_round_that_fits_eighty_columns(root, run):
    """The contender's name in place of a path; what is long is cut, and all of it stands in the JSON."""
    name = "a" * 60
    for p, promote in ((0.4, False), (1e-7, False), (None, False)):
        kept = said(root, promote=promote, p=p)
        decide_promotion(root, turn(root), kept, Candidate(run, (name,)))
    record(root, Decision(round=4, live=1, candidate="1", outcome="refused", reason="no", by="B" * 40))
    record(root, Decision(round=5, live=1, candidate="x/rounds/round-5", outcome="keep", reason="before names"))
    lines = call("decisions", "planets").stdout.splitlines()
    assert len(lines) == 2 + 5 and max(map(len, lines)) <= 80
    assert "a" * 11 + "…" in lines[-1] and "/" not in lines[2]
    assert "round-5" in lines[2] and "BBBBB…" in lines[3] and "rag" in lines[3]
    assert "+10.0" in lines[-1] and ".4/.035" in lines[-1]
    assert json.loads(call("decisions", "planets", "--json").stdout)[-1]["contender"] == name


def test_one_round_is_explained(root, candidate):
    """Without an account it shows what the log holds, and what a person said later; an unknown one is named."""
    decide(root, candidate, require_approval=True)
    approve(root, 1, "Ada")
    shown = call("decisions", "planets", "--round", 1).stdout
    assert "Round 1 of planets: the candidate passed and waits" in shown and "approved. Ada approved it." in shown
    content = json.loads(call("decisions", "planets", "--round", 1, "--json").stdout)
    assert content["decision"]["contender"] == "base" and content["account"] is None
    assert [one["by"] for one in content["later"]] == ["Ada"]
    with pytest.raises(InputError, match=r"no round 7; there are: 1.\n.*see: bakeoff decisions planets"):
        call("decisions", "planets", "--round", 7)


def test_remedies_can_be_copied(root, candidate, tmp_path, monkeypatch):
    """They name the deployment, and the folder of the deployments where it was given."""
    monkeypatch.chdir(tmp_path / "deployments")
    at = ("--deployments", tmp_path / "deployments")
    decide(root, candidate, require_approval=True)
    where = f" --deployments {tmp_path / 'deployments'}"
    assert f"bakeoff approve planets 1 --by NAME{where}" in call("decisions", "planets", *at).stderr
    with pytest.raises(InputError) as error:
        call("approve", "planets", 7, "--by", "Ada", *at)
    assert error.value.remedy == "name one that does: 1"
    refuse(root, 1, "Ada")
    with pytest.raises(InputError) as error:
        call("approve", "planets", 7, "--by", "Ada", *at)
    assert error.value.remedy == f"none does; see: bakeoff decisions planets{where}"


def test_the_end_of_a_round_is_said_in_four_lines(root, candidate):
    """The outcome, why, what to do next, where to read on; a rollback only where there is an earlier release."""
    for require_approval, more, words in (
        (
            False,
            {"promote": False, "p": 0.4},
            ("what is served stays, release 1; tested was base.", "look at the questions that it lost"),
        ),
        (False, {"promote": False, "p": 0.4, "more_questions": 9}, ("release 1", "Next: review more")),
        (False, {"promote": False, "p": None}, ("what is served stays, release 1.",)),
        (True, {}, ("base passed and waits as release 2", "bakeoff approve planets 4 --by NAME --deployments d")),
    ):
        decision = decide(root, candidate, require_approval, **more)
        lines = closing(decision, Path("decision.html"), root, "planets", Path("d"))
        assert len(lines) == 4 and lines[1] == "Why: Because." and all(word in "\n".join(lines) for word in words)
        assert "rollback" not in lines[2]
    refuse(root, 4, "Ada")
    lines = closing(decide(root, candidate), Path("decision.html"), root, "planets", Path("d"))
    assert "base is live as release" in lines[0] and "bakeoff rollback planets --deployments d" in lines[2]
    assert lines[3] == "More: bakeoff decisions planets --round 5 --deployments d, or decision.html"


def test_a_rollback_does_not_fail_with_the_log(root, candidate):
    """What is live matters more than the note about it."""
    decide(root, candidate)
    (root / "log.sqlite").write_bytes(b"not a database, but long enough to look at" * 20)
    done = call("rollback", "planets")
    assert current(root) == 1 and "could not be added to the decisions" in done.stderr


def test_decisions_need_a_deployment(tmp_path):
    """A folder without one is named, and no log is made in it."""
    with pytest.raises(RunFolderError, match="is not a deployment"):
        read_decisions(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_server_that_writes_the_log_does_not_hinder_a_decision(root, candidate):
    """Processes share the file."""
    with Log(root / "log.sqlite", retention_days=1):
        assert decide(root, candidate).outcome == "promote"
