"""Values in YAML and JSON that look like something and are nothing: an error with its place, never a foreign one."""

import json

import pytest
import yaml

from bakeoff.decide.situation.profile import read_profile
from bakeoff.errors import ConfigError, RunFolderError
from bakeoff.files.plain_json import plain_json
from bakeoff.files.strict_yaml import plain_yaml, read_mapping, reason_of, strict_yaml
from bakeoff.formats.front_matter import front_matter
from bakeoff.models.sentence_model import _languages
from bakeoff.questions.read import read_questions, read_with_notes
from bakeoff.runs.config import validate
from bakeoff.runs.folder import RunFolder

NOTHING = [
    *(
        "a: 2026-02-30",
        "a: !!int x",
        "a: !!float x",
        "a: !!timestamp x",
        "a: !!bool x",
        "a: !!set [a]",
        "a: 0b_",
        "a: 0x_",
    ),
    *("!!map x", "? [a]\n: b", "a: " + "1" * 5000),
]
DEEP = "[" * 100_000


@pytest.mark.parametrize("text", NOTHING, ids=range(len(NOTHING)))
@pytest.mark.parametrize("read", [plain_yaml, strict_yaml])
def test_a_scalar_that_is_not_what_it_looks_like_is_an_error_of_yaml(read, text):
    """PyYAML raises ValueError, KeyError, AttributeError and TypeError for them."""
    with pytest.raises(yaml.YAMLError):
        read(text)


def test_a_day_that_does_not_exist_is_named_with_its_line(tmp_path):
    """In a configuration. A question file has texts: there a note says that the dates are not used, as in CSV."""
    path = tmp_path / "a.yaml"
    path.write_text("question: q\nasked_on: 2026-02-30\n")
    with pytest.raises(ConfigError, match=r"'2026-02-30' looks like .* 'timestamp' and is none; put quotes.*line 2"):
        read_mapping(path)
    path.write_text("question: q\nanswer: a\nasked_on: 2026-02-30\n")
    assert any("'2026-02-30' is not a date" in note for note in read_with_notes([path])[1])


@pytest.mark.parametrize(
    ("written", "value", "write"),
    [
        ("010", 8, "10 or 8"),
        ("-012", -10, "-12 or -10"),
        ("33:20", 2000, "2000"),
        ("1:30.5", 90.5, "90.5"),
        ("0x10", 16, "16"),
        ("0b11", 3, "3"),
        ("1_0", 10, "10"),
    ],
)
def test_numbers_that_yaml_alone_reads_in_its_way_are_refused(tmp_path, written, value, write):
    """In configurations and in profiles, of which money is computed."""
    path = tmp_path / "a.yaml"
    path.write_text(f"queries_per_month: {written}\n")
    for read in (read_mapping, read_profile):
        with pytest.raises(ConfigError) as caught:
            read(path)
        said = f"YAML reads {written} as {value} ("
        assert said in caught.value.message and f"); write {write}, or put quotes around a text" in caught.value.message
        assert "line 1, column 20" in caught.value.message
    path.write_text("queries_per_month: 1_000\n")
    assert read_profile(path).queries_per_month == 1000
    path.write_text("queries_per_month: 00\n")
    assert read_mapping(path) == {"queries_per_month": 0}


def test_json_that_nests_without_end_is_an_error_of_json():
    """Python's own reader raises RecursionError, which no `except ValueError` catches."""
    with pytest.raises(ValueError, match="nested too deeply"):
        plain_json(DEEP)


def test_a_profile_and_a_run_folder_of_nested_json_are_refused(tmp_path):
    path = tmp_path / "profile.json"
    path.write_text(DEEP)
    with pytest.raises(ConfigError, match="nested too deeply"):
        read_profile(path)
    path.write_text(json.dumps({"queries_per_month": 1})[:-1] + "1" * 5000 + "}")
    with pytest.raises(ConfigError):
        read_profile(path)
    with pytest.raises(RunFolderError, match="nested too deeply"):
        (tmp_path / "data.json").write_text(DEEP)
        RunFolder(tmp_path).data()


def test_lists_within_lists_of_yaml_end_early():
    """PyYAML's scanner would take minutes for them; front matter that nests is text."""
    for read in (plain_yaml, strict_yaml):
        assert read("a: " + "[" * 90 + "]" * 90)
        with pytest.raises(yaml.YAMLError, match="nested too deeply"):
            read("a: " + DEEP)
    front, text = front_matter(f"---\ntitle: a\nb: {DEEP[:19_000]}\n---\n\nText.")
    assert front["title"] == "a" and text.strip() == "Text."


def multiplied(levels: int, times: int, first: str = "[lol]", begin: str = "") -> str:
    """Lines of YAML of which each names the one before so many times."""
    lines = [f"a0: &a0 {first}"] + [
        f"a{i}: &a{i} {begin}[{', '.join([f'*a{i - 1}'] * times)}]{'}' if begin else ''}" for i in range(1, levels)
    ]
    return "\n".join(lines)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (multiplied(7, 9), "more than 100,000 values"),
        (multiplied(7, 9, "{k: v}", "{<<: "), "more than 100,000 values"),
        (f"a: &a {'x' * 1_000_000}\nb: [{', '.join(['*a'] * 20)}]", "more than 100,000 values"),
        (multiplied(200, 1), "nested too deeply"),
        ("a: &a [*a]", "within what it names"),
        ("a: &a {b: *a}", "within what it names"),
    ],
    ids=["lists", "merged keys", "a long text", "deep", "itself", "its own value"],
)
@pytest.mark.parametrize("read", [plain_yaml, strict_yaml])
def test_aliases_that_stand_for_far_more_than_was_written_end_early(read, text, said):
    """To PyYAML an alias is one object; to whoever walks, copies or writes the values it is all that it names."""
    with pytest.raises(yaml.YAMLError, match=said):
        read(text)


def test_aliases_as_people_use_them_are_read():
    """A prompt that forty contenders share, and settings that others begin with."""
    lines = [f"prompt: &p {'word ' * 1000}", "base: &b {k: 3, m: 4}", "all:"]
    values = strict_yaml("\n".join([*lines, *["- {<<: *b, prompt: *p, k: 5}"] * 40]))
    assert values["all"] == [{"k": 5, "m": 4, "prompt": values["prompt"]}] * 40
    many = plain_yaml("\n".join(f"- {i}" for i in range(20_000)))
    assert many == list(range(20_000))


@pytest.mark.parametrize(
    ("text", "said"),
    [("", "is empty"), ("\0", "is not YAML"), ("- a", "holds a list"), ("a", "holds a text"), ("5", "holds a number")],
)
def test_a_file_without_keys_is_described_in_plain_words(tmp_path, text, said):
    """And what helps is about this file: a run's own copy is not started from `bakeoff init`."""
    path = tmp_path / "bakeoff.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=said) as caught:
        read_mapping(path)
    assert said == "is not YAML" or "bakeoff init" in caught.value.remedy
    path.rename(tmp_path / "config.yaml")
    with pytest.raises(ConfigError, match=said) as caught:
        RunFolder(tmp_path).config()
    assert "from a copy" in caught.value.remedy and "init" not in caught.value.remedy
    (tmp_path / "profile.yaml").write_text(text)
    if said.startswith("holds"):
        with pytest.raises(ConfigError, match=said):
            read_profile(tmp_path / "profile.yaml")


def test_a_configuration_and_front_matter_of_aliases_are_refused_or_text(tmp_path):
    path = tmp_path / "bakeoff.yaml"
    path.write_text(f"name: x\n{multiplied(12, 9)}")
    with pytest.raises(ConfigError, match=r"bakeoff\.yaml is not YAML: its aliases"):
        read_mapping(path)
    front, text = front_matter(f"---\ntitle: a\n{multiplied(12, 9)}\n---\n\nText.")
    assert front["title"] == "a" and text.strip() == "Text." and len(json.dumps(front)) < 10_000


@pytest.mark.parametrize("said", ["5", "2026-02-30", "{a: b}", "[", "!!int x"])
def test_a_model_card_with_odd_languages_says_nothing(tmp_path, said):
    card = tmp_path / "README.md"
    card.write_text(f"---\nlanguage: {said}\n---\n")
    assert _languages(card) is None


@pytest.mark.parametrize("read", [plain_yaml, strict_yaml])
@pytest.mark.parametrize("value", ["!!binary YWJj", "!!set {a, b}", "!!omap [a: b]", "!!pairs [a: b]"])
def test_kinds_that_are_no_text_number_list_or_mapping_are_refused_by_name(read, value):
    """An answer of the kind !!binary was the text "b'abc'"."""
    with pytest.raises(yaml.YAMLError, match=f"of the kind '{value.split()[0]}'; write a text") as caught:
        read(f"- answer: {value}\n")
    assert "line 1" in reason_of(caught.value)


def test_days_as_keys_within_a_cell_are_read(tmp_path):
    """JSON, as which cells travel between processes, has no such keys."""
    (tmp_path / "q.yaml").write_text("- question: When?\n  answer: a\n  more: {2026-01-01: {2026-01-02: x}, 1: y}\n")
    assert [question.text for question in read_questions([tmp_path / "q.yaml"])] == ["When?"]


def test_half_a_character_in_a_configuration_is_named_with_its_line(tmp_path):
    """As a key of a mapping, it ended with UnicodeEncodeError."""
    (tmp_path / "bakeoff.yaml").write_text('name: run\ndocuments: {"\\ud800": null}\n')
    with pytest.raises(ConfigError, match=r"half a character.*line 2"):
        read_mapping(tmp_path / "bakeoff.yaml")
    with pytest.raises(ConfigError, match="half a character"):
        validate({"name": "run", "questions": ["q.csv"], "documents": {"\ud800": None}})


@pytest.mark.parametrize("text", ["queries_per_month: 10.000", "a: [1.000]"])
def test_a_number_that_is_a_thousand_to_some_is_refused(text: str) -> None:
    """YAML reads 10.000 as ten. Other decimals are numbers as usual."""
    with pytest.raises(yaml.YAMLError, match=r"can be read in two ways; write (10, or 10000|1, or 1000)"):
        strict_yaml(text)
    assert strict_yaml("[0.000, 2.125, 10.0, 10.0000, '10.000']") == [0.0, 2.125, 10.0, 10.0, "10.000"]
