"""One function scores, compares, judges and reports a run, for the pilot's last stage and for `bakeoff report`."""

import io
import json
import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console

from bakeoff.contenders.load import make_recipe
from bakeoff.contenders.spec import Defaults, Entry, resolve
from bakeoff.decide.situation.profile import Profile
from bakeoff.decide.verdict.judgement import Judgement
from bakeoff.errors import RunFolderError
from bakeoff.measures import Measure
from bakeoff.models.settings import LocalModel
from bakeoff.pilot.judging import judge_run
from bakeoff.report import print_comparison, write_report
from bakeoff.runs.folder import RunFolder
from tests.unit.report_fixture import ENTRANTS, PROFILE, build


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    """A run that was answered, scored and compared, but not judged."""
    return RunFolder(build(tmp_path / "run", n_questions=40, profile=None))


def test_a_run_is_compared_judged_and_drawn_from_its_files(folder: RunFolder) -> None:
    """With the contenders and skipped ones of the existing comparison.

    The verdict is written as the record that reads it.
    """
    page = judge_run(folder, PROFILE)
    assert page == folder.report_path and page.exists()
    comparison = folder.comparison()
    assert comparison.entrants == ENTRANTS and set(comparison.skipped) == {"long-context"}
    assert {contrast.measure for contrast in comparison.contrasts} == {"accuracy", "hallucination"}
    verdict = folder.record(folder.verdict_path, Judgement)
    assert verdict.profile == PROFILE


def test_another_profile_gives_other_prices_to_the_same_answers(folder: RunFolder) -> None:
    """Prices come from the profile. Measured values of the answers do not change."""
    judge_run(folder, Profile.model_validate({"prices": {"machine_hour": 1.0}}))
    first = folder.comparison()
    judge_run(folder, Profile.model_validate({"prices": {"machine_hour": 2.0}}))
    second = folder.comparison()
    assert second.estimate("rag", "cost_per_1k").value == pytest.approx(2 * first.estimate("rag", "cost_per_1k").value)
    assert second.estimate("rag", "accuracy") == first.estimate("rag", "accuracy")


def test_contenders_that_are_given_are_scored_anew(folder: RunFolder) -> None:
    """In the pilot's last stage, the team's measures are computed. They are kept when the run is judged again."""
    folder.scores_path.unlink()
    length = Measure(
        name="length", title="Length", unit="count", better="lower", estimator="mean", score="length",
        per_question=lambda question, answer: len(answer.text),
    )  # fmt: skip
    judge_run(folder, PROFILE, ENTRANTS, {}, [length])
    first = folder.comparison()
    assert first.skipped == {} and first.estimate("rag", "length").value is not None
    judge_run(folder, PROFILE)
    assert folder.comparison().estimate("rag", "length") == first.estimate("rag", "length")
    assert "Length" in folder.report_path.read_text()


def test_a_run_that_was_not_scored_says_how_to_finish(folder: RunFolder) -> None:
    """An unfinished run is not judged."""
    folder.scores_path.unlink()
    with pytest.raises(RunFolderError, match=r"no scores\.jsonl"):
        judge_run(folder, PROFILE)
    assert not folder.verdict_path.exists()


def test_no_engine_is_loaded(folder: RunFolder) -> None:
    """Judging a finished run needs no model, no index and no torch."""
    code = (
        "import sys; from pathlib import Path; from bakeoff.pilot.judging import judge_run; "
        "from bakeoff.decide.situation.profile import Profile; from bakeoff.runs.folder import RunFolder; "
        "judge_run(RunFolder(Path(sys.argv[1])), Profile()); "
        "print(*{'torch', 'transformers', 'openvino', 'openvino_genai', 'lancedb', 'peft'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code, str(folder.root)], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_near_copies_of_training_questions_name_whom_they_favour(folder: RunFolder) -> None:
    """A run in which nothing learns from training questions has no such warning."""
    judge_run(folder, PROFILE)
    (said,) = [warning for warning in folder.record(folder.verdict_path, Judgement).warnings if "may look" in warning]
    assert said == "1 test question nearly copies a training question: tuned, hybrid and router may look too good."
    known = [entrant.model_copy(update={"is_tuned": False, "learns_answers": False}) for entrant in ENTRANTS]
    judge_run(folder, PROFILE, known)
    assert not [w for w in folder.record(folder.verdict_path, Judgement).warnings if "nearly cop" in w]


def test_recipes_say_whether_training_questions_help_them() -> None:
    """Known answers do, and how long answers are does not."""
    recipes = {
        spec.name: make_recipe(spec)
        for spec in resolve(
            [Entry(like=name) for name in ("base", "rag", "extract", "long-context", "faq", "tuned", "rag-tuned")],
            Defaults(),
            {"generator": LocalModel(name="scripted"), "embedder": LocalModel(name="hash")},
        )
    }
    helped = [name for name, recipe in recipes.items() if recipe.is_helped_by_copies]
    assert helped == ["faq", "tuned", "rag-tuned"]


def test_commands_in_the_report_name_the_run(folder: RunFolder) -> None:
    """On the page, in Markdown and in the terminal; the files of the run keep no place, since it may be moved."""
    judge_run(folder, PROFILE)
    verdict = folder.verdict_path.read_text()
    said = "Label them: bakeoff label RUN. Again: bakeoff report RUN."
    folder.verdict_path.write_text(json.dumps({**json.loads(verdict), "warnings": [said], "reason": said}))
    write_report(folder.root)
    console = Console(width=1000, file=io.StringIO())
    print_comparison(folder.root, console)
    whole = f"bakeoff label run --runs {folder.root.parent}"
    for shown in (folder.report_path.read_text(), console.file.getvalue()):
        assert shown.count(whole) >= 2 and "bakeoff label RUN" not in shown
    assert "bakeoff label RUN" not in (folder.root / "report.md").read_text()
