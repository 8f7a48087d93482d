"""A contender that fails costs a run that contender and what depends on it, unless the machine is to blame."""

import errno
import sqlite3
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner

from bakeoff.cli.main import app
from bakeoff.contenders.load import make_recipes
from bakeoff.errors import AdapterError, ContenderError, InputError, LimitReachedError, StoppedError, StoreGoneError
from bakeoff.pilot.left_out import LeftOut
from bakeoff.pilot.run import run
from bakeoff.report.terminal import print_comparison
from bakeoff.runs.config import load_config
from bakeoff.runs.listing import list_runs
from bakeoff.runs.results import result_of
from tests.end_to_end.small import make

EVERY = ["base", "rag", "tuned", "hybrid", "extract", "router", "long-context"]
MINE = {"like": "rag", "name": "mine"}


@pytest.fixture(scope="module")
def recipes(tmp_path_factory):
    """All contenders."""
    return make_recipes(load_config(make(tmp_path_factory.mktemp("planets"), contenders=EVERY)).specs)


def one(recipes, name):
    return next(recipe for recipe in recipes if recipe.spec.name == name)


def fail(left_out: LeftOut, recipes, name: str, error: BaseException) -> None:
    with left_out.trying("its training", [one(recipes, name)]):
        raise error


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("CUDA out of memory. Tried to allocate 2 GiB"),
        ZeroDivisionError("division by zero"),
        FileNotFoundError(errno.ENOENT, "No such file"),
        ConnectionError("nobody answers"),
        ContenderError("one answer for two questions"),
        AdapterError("it does not fit the model", "name another"),
        type("OwnError", (Exception,), {})("of a team's class"),
    ],
)
def test_what_fails_is_left_out_with_its_reason(recipes, tmp_path, error):
    """What it is and what depends on it are said; the traceback stands in a file."""
    told: list[str] = []
    left_out = LeftOut(recipes, tmp_path / "left-out", told.append)
    fail(left_out, recipes, "tuned", error)
    assert left_out.reasons["tuned"].startswith(f"its training failed: {type(error).__name__}: ")
    assert "'tuned', which it sends questions to, could not be built" in left_out.reasons["router"]
    assert {recipe.spec.name for recipe in left_out.without(recipes)} == set(EVERY) - {"tuned", "router"}
    assert [line.split(": ")[1].split()[0] for line in sorted(told)] == ["router", "tuned"]
    assert "Traceback" in (tmp_path / "left-out" / "tuned.txt").read_text()
    assert not list(LeftOut(recipes, tmp_path / "left-out").reasons) and not (tmp_path / "left-out").exists()


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, "No space left on device"),
        RuntimeError("I/O error: No space left on device (os error 28)"),
        PermissionError(errno.EACCES, "Permission denied"),
        MemoryError(),
        RuntimeError("[enforce fail at alloc_cpu.cpp:117] DefaultCPUAllocator: can't allocate memory"),
        sqlite3.OperationalError("disk I/O error"),
        KeyboardInterrupt(),
        StoppedError(),
        LimitReachedError("its time is over"),
        InputError("the prompt is too long", "shorten it"),
    ],
)
def test_what_is_no_fault_of_a_contender_ends_the_run(recipes, error):
    """Nor does an error with a remedy go unnoticed until the run has ended."""
    left_out = LeftOut(recipes)
    with pytest.raises(type(error)):
        fail(left_out, recipes, "tuned", error)
    assert left_out.reasons == {}


def test_where_all_worked_once_bad_input_costs_the_contender(recipes):
    """In a round of learning a person may not be there to change the configuration. A stop is still a stop."""
    left_out = LeftOut(recipes, once=True)
    fail(left_out, recipes, "tuned", InputError("the prompt is too long", "shorten it"))
    assert left_out.reasons["tuned"] == "its training failed: InputError: the prompt is too long -> shorten it"
    with pytest.raises(LimitReachedError):
        fail(left_out, recipes, "hybrid", LimitReachedError("its time is over"))
    with pytest.raises(StoreGoneError):
        fail(left_out, recipes, "hybrid", StoreGoneError("the database ended the connection"))


def break_(monkeypatch, path: str) -> None:
    def bad(self, *_args, **_more):
        raise RuntimeError("it broke")

    monkeypatch.setattr(path, bad)


@pytest.mark.parametrize(
    ("part", "lost", "work"),
    [
        ("rag.Rag.calibrate", {"mine"}, "its calibration or test"),
        ("rag.Rag.open", {"mine"}, "its calibration or test"),
        ("extract.Extract.prepare", {"extract"}, "its preparation"),
        ("extract.Extract.obstacle", {"extract"}, "its check"),
    ],
)
def test_a_run_goes_on_without_a_contender_that_fails(tmp_path, monkeypatch, part, lost, work):
    """The others are measured, and the reason stands in the comparison and in the report."""
    break_(monkeypatch, f"bakeoff.contenders.{part}")
    notes: list[str] = []
    config = make(tmp_path, contenders=["base", MINE, "extract"], profile={"fixed": {"mine": {"usd_per_month": 10}}})
    finished = run(config, runs=tmp_path / "runs", listener=lambda event: notes.append(event.note))
    assert set(finished.comparison.names) == {"base", "mine", "extract"} - lost
    assert set(finished.comparison.skipped) == lost
    (name,) = lost
    reason = f"{work} failed: RuntimeError: it broke"
    assert finished.comparison.skipped[name] == reason and f"note: {name} is left out: {reason}" in notes
    assert f"{name}: {reason}" in finished.report.with_name("report.md").read_text()


def test_a_verdict_over_the_rest_of_the_field_says_so_first(tmp_path, monkeypatch):
    """In the headline, the reason and the first warning, wherever they are shown; what cannot be built by its data is
    no error.
    """
    break_(monkeypatch, "bakeoff.contenders.rag.Rag.calibrate")
    break_(monkeypatch, "bakeoff.contenders.base.Base.open")
    path = make(tmp_path, contenders=["base", "rag", "extract", "faq"])
    monkeypatch.setattr("bakeoff.contenders.faq.Faq.obstacle", lambda *_: "train has no questions")
    finished = run(path, runs=tmp_path / "runs")
    assert set(finished.comparison.skipped) == {"base", "rag", "faq"}
    assert finished.comparison.untested == ("base", "rag")
    result = result_of(finished.folder)
    first, _, _ = result["headline"].partition(". ")
    note = "(2 of 3 contenders could not be tested)"
    assert note in f"{first}."
    assert "Not tested, because of errors: base and rag." in result["reason"]
    assert result["warnings"][0].startswith("Errors kept 2 of 3 contenders out of the test: base and rag.")
    assert result["untested"] == ["base", "rag"]
    told = StringIO()
    print_comparison(finished.folder.root, Console(file=told, width=10_000))
    pages = [finished.report.with_name(name).read_text() for name in ("report.md", "report.html")]
    for page in (*pages, told.getvalue()):
        assert note in page and page.count("Errors kept 2 of 3 contenders out of the test") >= 1
    assert "## Before you rely on this\n\n- Errors kept 2 of 3 contenders" in pages[0]
    (listed,) = list_runs(tmp_path / "runs")
    assert listed.untested == ("base", "rag")
    shown = CliRunner().invoke(app, ["runs", "--runs", str(tmp_path / "runs")], env={"COLUMNS": "300"}).stdout
    assert "extract; not tested, because of errors: base, rag" in shown


def test_an_index_that_fails_costs_those_that_read_it(tmp_path, monkeypatch):
    """Repaired, a resumed run has them again."""
    config = make(tmp_path, contenders=["base", "rag", "extract"])
    with monkeypatch.context() as broken:
        break_(broken, "bakeoff.retrieval.hybrid.HybridIndex.sync")
        finished = run(config, runs=tmp_path / "runs")
        assert set(finished.comparison.names) == {"base"}
        assert finished.comparison.skipped["rag"] == "its index failed: RuntimeError: it broke"
    finished.folder.verdict_path.unlink()
    assert set(run(config, runs=tmp_path / "runs", resume=True).comparison.names) == {"base", "rag", "extract"}


def test_an_adapter_for_another_model_costs_the_contenders_that_use_it(tmp_path, monkeypatch):
    """It is found before the run begins; the others go on. Where nothing else is left, the run stops at once."""

    def probe(settings, embeds=False):
        if settings.label.endswith("cautious"):
            raise AdapterError("The adapter does not fit the model", "name another")

    def cautious():
        raise AdapterError("The adapter does not fit the model", "name another")

    monkeypatch.setattr("bakeoff.pilot.probing.probe", probe)
    monkeypatch.setattr("tests.end_to_end.small.cautious", cautious, raising=False)
    models = {
        "generator": "tests.end_to_end.small.reader",
        "embedder": "hash",
        "other": "tests.end_to_end.small.cautious",
    }
    entry = {"name": "rag-other", "like": "rag", "model": "other"}
    config = make(tmp_path / "both", models=models, contenders=["extract", entry])
    finished = run(config, runs=tmp_path / "runs")
    assert set(finished.comparison.names) == {"extract"}
    reason = "loading the model 'other' failed: AdapterError: The adapter does not fit the model"
    assert finished.comparison.skipped["rag-other"].startswith(reason)
    with pytest.raises(AdapterError):
        run(make(tmp_path / "alone", models=models, contenders=[entry]), runs=tmp_path / "runs2")


def test_a_run_without_any_contender_says_so(tmp_path, monkeypatch):
    """Each reason is named, and nothing is compared."""
    from bakeoff.errors import ConfigError

    break_(monkeypatch, "bakeoff.contenders.rag.Rag.calibrate")
    with pytest.raises(ConfigError, match=r"No contender could be built. rag: its calibration .* it broke"):
        run(make(tmp_path, contenders=["rag"]), runs=tmp_path / "runs")
    assert not list(Path(tmp_path).rglob("comparison.json"))
