"""`bakeoff doctor` names each part of a run that is lost or damaged, and what it says to do repairs it."""

import json
import shutil
from pathlib import Path

import pytest

from bakeoff.cli.doctor import _said
from bakeoff.doctor.examine import examine
from bakeoff.doctor.examined import Places, examined
from bakeoff.doctor.run_files import whole
from bakeoff.errors import RunFolderError
from bakeoff.pilot.run import run as run_pilot
from bakeoff.report.write import write_report
from bakeoff.runs.folder import LOST, RunFolder
from tests.end_to_end.small import make

RESUME = "bakeoff run CONFIG --resume"
INDEX = "indexes/embedder-128"


@pytest.fixture(scope="module")
def pilot(tmp_path_factory):
    """A finished run with an update, in its folder; the configuration names it."""
    folder = tmp_path_factory.mktemp("planets")
    (folder / "new").mkdir()
    (folder / "new" / "aldra.md").write_text("# Aldra\n\nThe planet Aldra circles its star once in 315 days.\n")
    asked = {"id": "c1", "question": "How long is a year on Aldra now?", "answers": ["315 days"]}
    asked |= {"fact": "Aldra-year", "source": "aldra.md", "evidence": "315 days"}
    (folder / "changed.jsonl").write_text(json.dumps(asked) + "\n")
    path = make(
        folder,
        contenders=["base", "rag", "extract", "faq", {"like": "cascade", "name": "cascade"}],
        updates={"documents": ["new"], "questions": ["changed.jsonl"]},
    )
    run_pilot(path, runs=folder / "whole")
    return path


@pytest.fixture
def root(pilot):
    """A copy of the run where its configuration looks for it."""
    runs = pilot.parent / "runs"
    shutil.rmtree(runs, ignore_errors=True)
    shutil.copytree(pilot.parent / "whole", runs)
    return runs / "planets"


def problems(root):
    """Each problem with what to do, of a run by its folder."""
    found = whole(root, _config(root))
    return {finding.found: finding.remedy for finding in found if finding.state == "problem"}


def _config(root):
    asked = examined(str(root), Places())
    return asked[0].config


def remove(root, name):
    path = root / name
    shutil.rmtree(path) if path.is_dir() else path.unlink()


def cut(root, name):
    (root / name).write_bytes((root / name).read_bytes()[: (root / name).stat().st_size // 2])


def lose_line(root, name):
    lines = (root / name).read_bytes().splitlines(keepends=True)
    (root / name).write_bytes(b"".join(lines[:-1]))


def break_line(root, name):
    lines = (root / name).read_bytes().splitlines(keepends=True)
    (root / name).write_bytes(b"".join([*lines[:2], b'{"x": 1\n', *lines[3:]]))


def change(root, name):
    (root / name).write_bytes((root / name).read_bytes() + b" ")


def empty(root, name):
    (root / name).write_bytes(b"")


MADE_AGAIN = [
    (remove, "indexes"),
    (remove, f"{INDEX}/index.json"),
    (cut, f"{INDEX}/index.json"),
    (remove, f"{INDEX}/chunks.lance"),
    (remove, "contenders"),
    (remove, "contenders/rag"),
    (cut, "contenders/rag/contender.json"),
    (change, "contenders/rag/contender.json"),
    (remove, "contenders/faq/known.npy"),
    (cut, "contenders/faq/known.npy"),
    (remove, "comparison.json"),
    (cut, "comparison.json"),
    (remove, "scores.jsonl"),
    (cut, "scores.jsonl"),
    (break_line, "scores.jsonl"),
    (lose_line, "answers/rag.jsonl"),
    (break_line, "answers/rag.jsonl"),
    (remove, "answers/rag.jsonl"),
    (remove, "answers/cascade.updated.jsonl"),
    (lose_line, "answers/base.latency.jsonl"),
    (remove, "answers/rag.dev.jsonl"),
    (lose_line, "answers/faq.dev.jsonl"),
    (remove, "identities.json"),
    (cut, "identities.json"),
    (cut, "log-probabilities.json"),
    (remove, "update/store.sqlite"),
    (remove, "splits.jsonl"),
    (lose_line, "splits.jsonl"),
    (break_line, "splits.jsonl"),
    (remove, "data.json"),
    (cut, "data.json"),
    (remove, "store.sqlite"),
    (empty, "store.sqlite"),
]
JUDGED_AGAIN = [(remove, "verdict.json"), (cut, "verdict.json"), (empty, "verdict.json"), (remove, "report.html")]
ONLY_COPIED = [
    (remove, "stages.jsonl"),
    (break_line, "stages.jsonl"),
]


def named(damages):
    return [f"{damage.__name__} {name}" for damage, name in damages]


def test_a_whole_run_has_no_problem_and_nothing_in_it_is_changed(root):
    def files():
        return {path: path.stat().st_mtime_ns for path in root.rglob("*")}

    before = files()
    [found] = whole(root, _config(root))
    assert (found.state, found.figures) == ("ok", {"finished": True, "contenders": 5}) and "85 questions" in found.found
    assert files() == before


@pytest.mark.parametrize(("damage", "name"), MADE_AGAIN, ids=named(MADE_AGAIN))
def test_what_a_session_makes_again_is_named_with_that(root, damage, name):
    damage(root, name)
    found = problems(root)
    assert found and all(RESUME in remedy and LOST not in remedy for remedy in found.values()), found
    assert all(any(part in line for part in Path(name.partition(".")[0]).parts[-2:]) for line in found), found


@pytest.mark.parametrize(("damage", "name"), JUDGED_AGAIN, ids=named(JUDGED_AGAIN))
def test_what_a_report_makes_again_is_named_with_that(root, damage, name):
    damage(root, name)
    assert [*problems(root).values()] == [f"judge the run again: bakeoff report {root}"]


@pytest.mark.parametrize(("damage", "name"), ONLY_COPIED, ids=named(ONLY_COPIED))
def test_what_nothing_makes_again_has_to_be_restored(root, damage, name):
    damage(root, name)
    found = problems(root)
    assert found and all(remedy.startswith(LOST) for remedy in found.values()), found


@pytest.mark.parametrize("damage", [remove, cut, empty])
def test_a_run_whose_environment_or_configuration_is_lost_is_a_problem_once(root, damage):
    damage(root, "environment.json")
    found = [one for one in examine(examined(str(root), Places())) if one.check in ("run", "configuration")]
    assert [one.remedy for one in found if one.state == "problem"] == [LOST]


@pytest.mark.parametrize(
    "damages",
    [
        [(remove, "indexes"), (lose_line, "answers/rag.jsonl"), (cut, "scores.jsonl"), (remove, "comparison.json")],
        [(cut, "contenders/faq/known.npy"), (break_line, "answers/base.jsonl"), (cut, "log-probabilities.json")],
        [(remove, "contenders/rag"), (lose_line, "answers/rag.dev.jsonl"), (remove, "update/store.sqlite")],
        [(remove, "splits.jsonl"), (cut, "data.json"), (empty, "store.sqlite")],
        [(cut, "config.yaml")],
    ],
    ids=["files", "parts", "calibration", "data", "configuration"],
)
def test_what_is_said_repairs_the_run(pilot, root, damages):
    """What is to be deleted is deleted, then the run is resumed: nothing is wrong with it any more."""
    comparison = RunFolder(root).comparison()
    for damage, name in damages:
        damage(root, name)
    if damages[0][1] == "config.yaml":
        (root / "config.yaml").unlink()  # as its error says
    else:
        for remedy in problems(root).values():
            for word in remedy.removeprefix("delete ").partition(",")[0].split(" and "):
                if remedy.startswith("delete "):
                    shutil.rmtree(word) if Path(word).is_dir() else Path(word).unlink(missing_ok=True)
    run_pilot(pilot, runs=root.parent, resume=True)
    assert problems(root) == {}
    again = RunFolder(root).comparison()
    for name in comparison.names:
        for measure in ("accuracy", "abstention", "freshness"):
            assert again.estimate(name, measure).value == comparison.estimate(name, measure).value
    assert write_report(root).exists()


@pytest.mark.parametrize("name", ["splits.jsonl", "data.json"])
def test_a_session_refuses_a_run_whose_corrected_answers_are_lost_and_leaves_the_rest(pilot, root, name):
    scores = (root / "scores.jsonl").read_bytes()
    shutil.copy(root / "splits.jsonl", root / "splits.1.jsonl")
    remove(root, name)
    assert [*problems(root).values()] == [LOST]
    with pytest.raises(RunFolderError, match="missing") as error:
        run_pilot(pilot, runs=root.parent, resume=True)
    assert error.value.remedy == LOST and (root / "scores.jsonl").read_bytes() == scores
    assert not (root / name).exists()


def test_a_run_that_is_not_the_one_to_resume_is_not_repaired_by_that(pilot, root):
    shutil.copytree(root, root.with_name("planets-2"))
    remove(root, "indexes")
    [remedy] = problems(root).values()
    assert remedy == f"{RESUME} would go on with planets-2, so {LOST}"


def test_an_unfinished_run_is_examined_as_far_as_it_is(root):
    """What its next session makes is no problem; what one that ended had written is."""
    for name in ("comparison.json", "verdict.json", "report.html", "identities.json", "scores.jsonl"):
        remove(root, name)
    lines = (root / "stages.jsonl").read_text().splitlines(keepends=True)
    (root / "stages.jsonl").write_text("".join(lines[:12]))  # base and the index; rag is to be asked
    remove(root, "answers/extract.jsonl")
    found = whole(root, _config(root))
    assert [one.state for one in found] == ["ok", "note"] and f"continue it: {RESUME}" in _said(found[1])
    lose_line(root, "answers/base.jsonl")
    assert [*problems(root).values()] == [RESUME]
