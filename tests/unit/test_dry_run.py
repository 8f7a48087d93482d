"""`bakeoff run --dry-run` refuses what the run itself would refuse at once."""

import pytest
from typer.testing import CliRunner

from bakeoff.cli.main import app
from bakeoff.errors import ConfigError
from tests.end_to_end.small import PLANETS, make


@pytest.mark.parametrize("more", [(), ("--dry-run",)])
def test_a_contender_that_only_the_profile_names_is_refused(tmp_path, monkeypatch, more):
    """Before anything is read or asked."""
    profile = {"setup_days": {"extrat": [1, 2]}}
    path = make(tmp_path, dict(list(PLANETS.items())[:2]), contenders=["extract"], profile=profile)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match="'extrat' is not a contender or recipe"):
        CliRunner().invoke(app, ["run", str(path), *more], catch_exceptions=False)
    assert not (tmp_path / "runs").exists()
