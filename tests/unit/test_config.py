"""bakeoff.yaml is read strictly, and every mistake is named with its remedy."""

import pytest

from bakeoff.catalogue import STANDARD
from bakeoff.errors import ConfigError
from bakeoff.files.strict_yaml import strict_yaml
from bakeoff.runs.config import load_config, validate

MINIMAL = "name: pilot\ndocuments: docs\nquestions: [questions.csv]\n"


def write(tmp_path, text):
    path = tmp_path / "bakeoff.yaml"
    path.write_text(text)
    return path


def test_a_minimal_file_gets_every_default_and_absolute_paths(tmp_path):
    """Three keys are enough; relative paths start at the file's folder."""
    config = load_config(write(tmp_path, MINIMAL))
    assert [spec.name for spec in config.specs] == list(STANDARD)
    assert config.documents == (str(tmp_path / "docs"),)
    assert config.general == "builtin"


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("name: [", "is not YAML"),
        ("name: " + "[" * 5000, "nested too deeply"),
        ("name: !!python/object/apply:os.system ['true']", "could not determine a constructor"),
        ("name: a\nmodels: {b: 'c' d: e}\n", r"expected ',' or '}', but got '<scalar>' (line 2, column 17)"),
        ("- a\n- b\n", "holds a list"),
        ("name: pilot\n", "'documents': Field required"),
        (MINIMAL + "contendors: [rag]\n", "did you mean 'contenders'"),
        (MINIMAL + "retrieval: {kk: 3}\n", "unknown key 'retrieval.kk'"),
        (MINIMAL + "retrieval: {k: 0}\n", "'retrieval.k'"),
        (MINIMAL + "contenders: [ragg]\n", "there is no recipe 'ragg'"),
        (
            MINIMAL + "contenders: [router, tuned]\n",
            "the run lacks a contender that retrieves",
        ),
        (MINIMAL + "contenders: []\n", "at least one contender"),
        (MINIMAL.replace("pilot", "../up"), "cannot be used as a folder name"),
        (MINIMAL + "split: {test: 1.5}\n", "found 1.5"),
        (
            MINIMAL + "split: {test: 0.9, dev: 0.3}\n",
            "test and dev are 0.9 and 0.3 of the facts, together 1.2; give shares",
        ),
        (MINIMAL.replace("docs", "5"), "'documents': give one value, or a list (found 5)"),
        (MINIMAL.replace("docs", "[]"), "'documents': give at least one"),
        (
            MINIMAL + "updates: docs\n",
            "'updates': give keys with their values; its keys are documents, questions (found 'docs')",
        ),
        (MINIMAL.replace("pilot", "5"), "'name': give a text (found 5)"),
        (MINIMAL + "name: other\n", "the key 'name' is given a second time (line 4"),
        (MINIMAL + "retrieval:\n  k: 3\n  k: 4\n", "the key 'k' is given a second time"),
    ],
)
def test_each_mistake_is_named(tmp_path, text, named):
    """The message holds the value found, followed by the remedy."""
    with pytest.raises(ConfigError) as caught:
        load_config(write(tmp_path, text))
    assert named in str(caught.value)
    assert caught.value.remedy


def test_a_single_path_or_contender_needs_no_list(tmp_path):
    """A single text is allowed wherever a list is."""
    text = MINIMAL + "updates: {documents: new, questions: changed.csv}\ncontenders: rag\n"
    config = load_config(write(tmp_path, text))
    assert config.updates.documents == (str(tmp_path / "new"),)
    assert [spec.name for spec in config.specs] == ["rag"]


def test_a_tilde_is_the_home_folder(tmp_path, monkeypatch):
    """As in a shell. A name that only begins with a tilde is not changed."""
    monkeypatch.setenv("HOME", "/home/somebody")
    config = load_config(write(tmp_path, MINIMAL.replace("docs", "[~/docs, ~old]")))
    assert config.documents == ("/home/somebody/docs", str(tmp_path / "~old"))


def test_yaml_that_only_looks_like_a_double_key_is_read():
    """A key that overrides a merged one, and equal keys of two mappings."""
    assert strict_yaml("a: &a {k: 1}\nb: {<<: *a, k: 2}\n")["b"] == {"k": 2}


def test_a_missing_file_points_to_init(tmp_path):
    """The error says how to create a configuration."""
    with pytest.raises(ConfigError, match="bakeoff init"):
        load_config(tmp_path / "none.yaml")


def test_renaming_checks_the_name(tmp_path):
    """--name goes through the same check as the file."""
    config = load_config(write(tmp_path, MINIMAL))
    assert config.renamed("other").name == "other"
    assert config.renamed("other").documents == config.documents
    with pytest.raises(ConfigError):
        config.renamed("a/b")


def test_a_renamed_configuration_knows_no_more_than_before(tmp_path):
    """Values missing in the profile stay unknown: defaults must not become values given by the team."""
    config = load_config(write(tmp_path, MINIMAL + "profile: {queries_per_month: 500}\n"))
    assert config.renamed("other").profile.model_fields_set == {"queries_per_month"}
    assert config.renamed("other").model_fields_set == config.model_fields_set


def test_a_value_that_a_message_holds_is_not_said_twice():
    """And a key that no person writes is neither allowed nor meant."""
    with pytest.raises(ConfigError) as caught:
        validate({"name": "../../etc", "documents": ["d"], "questions": ["q.csv"]})
    assert caught.value.message.count("../../etc") == 1
    for key in ("folders", "foo"):
        with pytest.raises(ConfigError) as caught:
            validate({"name": "a", "documents": ["d"], "questions": ["q.csv"], key: "x"})
        said = caught.value.message.partition("allowed: ")
        assert "folder" not in said[2].split(", ") and "profile" in said[2] and "mean 'folder'" not in said[0]
