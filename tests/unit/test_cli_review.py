"""`bakeoff review`: a sheet out and in, accuracy in use, and what is refused; the page is served by `bakeoff serve`."""

import csv
import json

import pytest
from typer.testing import CliRunner

from bakeoff.cli.main import app
from bakeoff.errors import ConfigError, InputError
from bakeoff.serve.log import Log
from bakeoff.serve.log_entries import Review
from tests.unit.review_fixture import reviewable


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    folder = tmp_path_factory.mktemp("review")
    return reviewable(folder / "desk", folder / "run")


@pytest.fixture
def root(template, tmp_path):
    import shutil

    return shutil.copytree(template, tmp_path / "desk")


def called(*arguments):
    result = CliRunner().invoke(app, ["review", *map(str, arguments)])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def test_a_sheet_goes_out_and_comes_back(root, tmp_path):
    """What somebody filled in is stored with their name; read twice it is stored once."""
    path = tmp_path / "week.csv"
    assert "6 answers written" in called(root, "--out", path).stderr.replace("\n", " ")
    rows = list(csv.DictReader(path.read_text(encoding="utf-8-sig").splitlines()))
    by_id = {row["id"]: row for row in rows}
    by_id["filter"] |= {"action": "Correct", "right answers": "every 6 months | 6 months"}
    by_id["price"]["action"] = "unanswerable"
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    assert json.loads(called(root, "--read", path, "--reviewer", "ada", "--json").stdout) == {
        "new": 2, "changed": 0, "of_others": {}, "kept": {}, "same": 0, "blank": 4, "corrections": 0,
    }  # fmt: skip
    said = called(root, "--read", path, "--reviewer", "bob").stderr
    assert "0 new reviews, 0 changed, 2 the same as before; 4 rows not filled in." in said
    with Log(root / "log.sqlite") as log:
        found = {review.answer: (review.answers, review.by) for review in log.entries(Review)}
    assert found == {"filter": (("every 6 months", "6 months"), "ada"), "price": ((), "ada")}
    shown = called(root, "--accuracy").stdout
    assert "2 of 6 drawn answers reviewed" in shown and "Thumbs: 1 of 3 up" in shown and "2 of 6" in shown
    found = json.loads(called(root, "--accuracy", "--json").stdout)
    assert found["total"]["reviewed"] == 2 and found["weeks"][0]["right"]["value"] == 0.5


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"action": "skip", "question": "What is odd?"}, "row 2: the question is not the one of"),
        ({"action": "skip", "answer shown": "another"}, "row 2: the answer shown is not the one of"),
        ({"action": "skip", "id": "nothing"}, "row 2: There is no answer 'nothing'"),
    ],
)
def test_rows_that_were_sorted_apart_are_named(root, tmp_path, change, message):
    """A review of another answer would be worse than none."""
    path = tmp_path / "week.csv"
    called(root, "--out", path)
    rows = list(csv.DictReader(path.read_text(encoding="utf-8-sig").splitlines()))
    rows[0] |= change
    rows[1]["action"] = "skip"
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    with pytest.raises(InputError, match=message):
        called(root, "--read", path)
    with Log(root / "log.sqlite") as log:
        assert list(log.entries(Review)) == []


def test_a_formula_in_a_correction_is_neutralised(root, tmp_path):
    """A user's text is opened in a spreadsheet of the team."""
    from bakeoff.serve.log_entries import Thumb

    with Log(root / "log.sqlite") as log:
        log.append(Thumb(answer="weight", up=False, right_answer='=HYPERLINK("x")', key_id="k1"))
    called(root, "--out", tmp_path / "week.csv")
    rows = csv.DictReader((tmp_path / "week.csv").read_text(encoding="utf-8-sig").splitlines())
    assert next(row for row in rows if row["id"] == "weight")["user's correction"].startswith("'=")


def test_whose_reviews_stay_or_are_replaced_is_said(root, tmp_path):
    """Two reviewers fill in the same answers."""
    path = tmp_path / "week.csv"
    assert "all that wait" in called(root, "--out", path).stderr
    rows = list(csv.DictReader(path.read_text(encoding="utf-8-sig").splitlines()))
    for name, action in (("dora", "skip"), ("ada", "unanswerable")):
        with path.open("w", newline="") as file:
            writer = csv.DictWriter(file, rows[0])
            writer.writeheader()
            writer.writerows([rows[0] | {"action": action}, *rows[1:]])
        said = called(root, "--read", path, "--reviewer", name).stderr
    assert "1 row not stored: the answer was reviewed otherwise since, by dora." in said and "--overwrite" in said
    said = called(root, "--read", path, "--reviewer", "ada", "--overwrite").stderr
    assert "0 new reviews, 1 changed (1 of them by others: dora), 0 the same" in said


def test_one_task_at_a_time(root, tmp_path):
    """The three tasks exclude each other."""
    with pytest.raises(ConfigError, match="--overwrite belongs to --read"):
        called(root, "--overwrite")
    with pytest.raises(ConfigError, match="three tasks"):
        called(root, "--out", tmp_path / "a.csv", "--accuracy")


def test_the_sizes_of_sample_and_cap_can_be_chosen(root, tmp_path):
    """The rest stays out; how much is said."""
    said = called(root, "--out", tmp_path / "a.csv", "--sample", 1, "--per-key", 1).stderr
    assert "left out on purpose: beside the random sample, one key brings at most 1 a week" in said
    assert "To see more of them: --per-key" in said
    rows = list(csv.DictReader((tmp_path / "a.csv").read_text(encoding="utf-8-sig").splitlines()))
    sampled = [row for row in rows if "random sample" in row["why"]]
    assert len(sampled) == 1 and len(rows) <= 3


def test_a_server_has_the_page(monkeypatch, root):
    """`bakeoff serve` adds the routes of reviews to those of the monitor."""
    from bakeoff.serve import start

    given = []
    monkeypatch.setattr(start, "serve_run", lambda *arguments: given.append(arguments))
    CliRunner().invoke(app, ["serve", "desk"], catch_exceptions=False)
    more_routes = given[0][6]
    paths = [route.path for route in more_routes(root, None, None)]
    assert "/review" in paths and "/review/reviews" in paths and "/monitor" in paths
