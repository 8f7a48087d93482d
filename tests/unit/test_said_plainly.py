"""Small things that people read: they are true, and shown as they are meant."""

from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

from bakeoff.cli.main import app
from bakeoff.learn.review.reviewing import Reviewing
from bakeoff.measure.comparison import Estimate
from bakeoff.report.cautions import _constant
from bakeoff.report.html import with_code
from tests.end_to_end.small import make
from tests.unit.fakes import question


def test_backticks_are_shown_as_code_and_nothing_else_is_markup():
    """On the page; what stands in a question or an error stays text."""
    assert with_code("Set `a < b` in <i>") == "Set <code>a &lt; b</code> in &lt;i&gt;"
    assert with_code("one ` alone") == "one ` alone"


@pytest.mark.parametrize(("value", "is_told"), [(0.0, False), (0.004, False), (0.1, True)])
def test_a_constant_answer_that_is_never_right_is_not_worth_a_warning(value, is_told):
    """That nobody is significantly better than 0 % says nothing about the constant answer."""
    accuracy = Estimate(value=value, low=0.0, high=0.2, n=100)
    constant = SimpleNamespace(answer="triggers-pending", accuracy=accuracy, not_beaten_by=("base",))
    assert bool(_constant(SimpleNamespace(constant=constant, names=("base", "rag")))) is is_told


def test_known_facts_are_close_if_they_share_a_word_that_means_something():
    """'What is the ... of ...?' alone makes no two questions alike."""
    known = [
        question("h", "What is the homepage of curl?", ["https://curl.se"], fact="homepage"),
        question("m", "Who is the release manager?", ["Anna Berg"], fact="manager"),
    ]
    reviewing = SimpleNamespace(_known=lambda: known)
    similar = Reviewing.similar(reviewing, "What is the salary of the release manager?")
    assert [one.fact for one in similar] == ["manager"]
    similar = Reviewing.similar(reviewing, "What is the homepage of the project curl?")
    assert [one.fact for one in similar] == ["homepage"]


def test_a_dry_run_does_not_name_itself_as_the_place_to_look(tmp_path):
    """The table above has each part, and its last row the sum."""
    model = {"api": "openai", "base_url": "http://127.0.0.1:9/v1", "model": "m", "context_tokens": 4000}
    price = {"input_tokens": 1.0, "output_tokens": 1.0}
    config = make(tmp_path, contenders=["base"], models={"generator": {**model, "price": price}, "embedder": "hash"})
    said = CliRunner().invoke(app, ["run", str(config), "--dry-run"])
    assert said.exit_code == 0 and "Calls" in said.output
    assert "--dry-run" not in said.output and "Paid models" not in said.output
