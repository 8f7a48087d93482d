"""What `bakeoff advise` says on the terminal."""

import json

from typer.testing import CliRunner

from bakeoff.cli.main import app


def test_the_reason_why_there_are_no_costs_is_said(tmp_path, monkeypatch):
    """Not only in advice.md: without them there is no recommendation, and nobody would know why."""
    (tmp_path / "profile.yaml").write_text("api_model: openai:gpt-99\nanswers_on: api\nqueries_per_month: 10000\n")
    monkeypatch.chdir(tmp_path)
    said = CliRunner().invoke(app, ["advise", "--profile", "profile.yaml"], catch_exceptions=False)
    assert "No price is listed for the API model 'openai:gpt-99'" in said.stdout
    again = ["advise", "--profile", "profile.yaml", "--force", "--json"]
    shown = json.loads(CliRunner().invoke(app, again, catch_exceptions=False).stdout)
    assert "No price is listed" in shown["no_costs"]
