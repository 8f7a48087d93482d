"""bakeoff.yaml is read strictly, and every mistake is named with its remedy."""

import pytest

from bakeoff.config import CONTENDERS, load_config
from bakeoff.errors import ConfigError

MINIMAL = "name: pilot\ndocuments: docs\nquestions: [questions.csv]\n"


def write(tmp_path, text):
    path = tmp_path / "bakeoff.yaml"
    path.write_text(text)
    return path


def test_a_minimal_file_gets_every_default_and_absolute_paths(tmp_path):
    """Three keys are enough; relative paths start at the file's folder."""
    config = load_config(write(tmp_path, MINIMAL))
    assert config.contenders == CONTENDERS
    assert config.documents == (str(tmp_path / "docs"),)
    assert config.general == "builtin"


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("name: [", "is not YAML"),
        ("- a\n- b\n", "holds list"),
        ("name: pilot\n", "'documents': Field required"),
        (MINIMAL + "contendors: [rag]\n", "did you mean 'contenders'"),
        (MINIMAL + "retrieval: {kk: 3}\n", "unknown key 'retrieval.kk'"),
        (MINIMAL + "retrieval: {k: 0}\n", "'retrieval.k'"),
        (MINIMAL + "contenders: [ragg]\n", "'ragg' is neither"),
        (MINIMAL + "contenders: [router, tuned]\n", "'router' routes between"),
        (MINIMAL + "contenders: []\n", "at least one contender"),
        (MINIMAL.replace("pilot", "../up"), "not usable as a folder name"),
        (MINIMAL + "split: {test: 1.5}\n", "found 1.5"),
    ],
)
def test_each_mistake_is_named(tmp_path, text, named):
    """The message holds what was found; the remedy follows."""
    with pytest.raises(ConfigError) as caught:
        load_config(write(tmp_path, text))
    assert named in str(caught.value)
    assert caught.value.remedy


def test_a_missing_file_points_to_init(tmp_path):
    """Who has no configuration is told how to get one."""
    with pytest.raises(ConfigError, match="bakeoff init"):
        load_config(tmp_path / "none.yaml")


def test_renaming_checks_the_name(tmp_path):
    """--name goes through the same check as the file."""
    config = load_config(write(tmp_path, MINIMAL))
    assert config.renamed("other").name == "other"
    with pytest.raises(ConfigError):
        config.renamed("a/b")
