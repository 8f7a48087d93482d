"""Which answers go to the judge, what their key points are, and which model may judge."""

import random

import pytest

from bakeoff.errors import ConfigError, InputError
from bakeoff.llm_judge.cases import cases, is_long
from bakeoff.llm_judge.family import family, family_warning
from bakeoff.llm_judge.key_points import KeyPoints, key_of, known_points, read_key_points, write_key_points
from bakeoff.llm_judge.settings import Grading, judge_model
from bakeoff.models.settings import ApiModel, LocalModel
from bakeoff.questions import read_questions
from bakeoff.runs.config import load_config
from tests.unit.fakes import answer, question

LONG_GOLD = "The blue valve closes slowly by itself when the water pressure drops under two bar"
LONG = question("l", "What does the valve do?", [LONG_GOLD])
SHORT = question("s", "How long?", ["24 months"])
NONE = question("n", "Who?", [])


def units(*answers, asked=(LONG, SHORT, NONE), long_from=9):
    return [(case.question.id, case.text, case.reason) for case in cases(asked, answers, long_from)]


def test_long_answers_and_those_of_which_the_rules_are_unsure_are_judged():
    """A short answer that the rules decide is not, nor is a refusal, a failed or a withheld answer."""
    paraphrase = "It shuts on its own once there is little pressure."
    found = units(
        answer("l", paraphrase),
        answer("s", "24 months"),
        answer("s", "12 to 24 months"),
        answer("l", "I don't know.", abstained=True),
        answer("l", "x", error="failed"),
        answer("l", "It opens.", abstained=True),
        answer("n", "There is no such lamp."),
        answer("n", "Ada"),
    )
    assert [(name, text) for name, text, _ in found] == [
        ("l", paraphrase),
        ("s", "12 to 24 months"),
        ("n", "There is no such lamp."),
    ]
    assert all(reason for *_, reason in found)


def test_what_the_rules_call_wrong_in_a_long_answer_is_judged_too():
    """The rules may not know a paraphrase without a common word. The accepted answer itself needs no judge."""
    assert units(answer("l", "Completely unrelated words stand here instead."))[0][2] == "long"
    assert units(answer("l", LONG_GOLD + ".")) == []


def test_one_text_is_judged_once_for_all_contenders():
    """Outer blanks do not matter."""
    both = [answer("l", "It shuts."), answer("l", " It shuts.\n", contender="base")]
    (case,) = cases([LONG], both, 9)
    assert case.contenders == ("rag", "base") and case.text == "It shuts."


def test_what_is_long_depends_on_the_shortest_accepted_answer():
    """By content words; labels, numbers, dates and lists are graded by rules, however long."""
    assert is_long(LONG, 9) and not is_long(LONG, 12) and not is_long(SHORT, 9)
    assert not is_long(question("a", answers=[LONG_GOLD, "It closes"]), 9)
    assert not is_long(question("a", answers=[LONG_GOLD], kind="label"), 9)
    assert not is_long(NONE, 9)


def test_a_short_answer_is_its_own_key_point():
    """With the other accepted ones. A long one needs the model, unless the question file has key points."""
    assert known_points(question("a", answers=["24 months", "2 years"]), 9).points == ("24 months (or: 2 years)",)
    assert known_points(LONG, 9) is None
    written = LONG.model_copy(update={"key_points": ("It closes.", "At two bar.")})
    assert known_points(written, 9) == KeyPoints(points=("It closes.", "At two bar."), by="question file")
    assert known_points(NONE, 9).points == ()


def test_key_points_are_read_from_a_column_of_the_question_file(tmp_path):
    """In one cell with bars between them, or as a list."""
    path = tmp_path / "q.csv"
    path.write_text("question,answers,key_points\nWhat?,It closes at two bar,It closes. | At two bar.\nWho?,Ada,\n")
    first, second = read_questions([path])
    assert first.key_points == ("It closes.", "At two bar.") and second.key_points == ()
    assert "key_points" not in second.model_dump_json()


def test_key_points_come_back_as_written_and_as_people_correct_them(tmp_path):
    """A row that is added or changed counts; a formula stays a text; deleted rows are taken again."""
    path, asked = tmp_path / "key_points.csv", [LONG, SHORT]
    points = {"l": KeyPoints(points=("It, the valve, closes.", "=2 bar"), by="model")}
    write_key_points(path, asked, points)
    assert read_key_points(path, asked) == points
    path.write_text(path.read_text() + '"l","","","A third one.",""\n')
    assert read_key_points(path, asked)["l"].points == ("It, the valve, closes.", "=2 bar", "A third one.")
    write_key_points(path, asked, {})
    assert read_key_points(path, asked) == {} and read_key_points(tmp_path / "none.csv", asked) == {}


def test_a_spreadsheet_may_write_the_file_in_its_own_way(tmp_path):
    """With semicolons, in another encoding, with columns that nobody needs, and with empty rows."""
    path = tmp_path / "key_points.csv"
    path.write_bytes("Note;Question_ID;key_point\r\nok;l;Geöffnet; bei zwei bar\r\n;;\r\n".encode("cp1252"))
    assert read_key_points(path, [LONG])["l"].points == ("Geöffnet",)
    path.write_text('question_id,key_point\nl,"It closes.\nl,At two bar.\n')
    with pytest.raises(InputError, match="cannot be read"):
        read_key_points(path, [LONG])


def test_any_text_comes_back_from_the_file_as_it_was(tmp_path):
    """Otherwise its verdicts would not count, and it would be judged again: signs, quotes, blanks and line ends."""
    path, signs = tmp_path / "key_points.csv", random.Random(1)
    for _ in range(200):
        texts = ["".join(signs.choices("ab c\"',;|\t =-+@\n%1.é中’“`*#<\\", k=12)) + "x" for _ in range(4)]
        asked = question("q", texts[0], [texts[1]])
        points = {"q": KeyPoints(points=tuple(dict.fromkeys(texts[2:])), by="model")}
        write_key_points(path, [asked], points)
        assert read_key_points(path, [asked]) == points


def test_key_points_of_former_accepted_answers_are_taken_again(tmp_path):
    """They were the claims of another answer."""
    path = tmp_path / "key_points.csv"
    write_key_points(path, [LONG], {"l": KeyPoints(points=("It closes.",), by="model")})
    assert read_key_points(path, [LONG.model_copy(update={"answers": ("It opens at ten bar.",)})]) == {}


def test_broken_rows_give_one_message(tmp_path):
    """With every line and what is wrong with it."""
    path = tmp_path / "key_points.csv"
    path.write_text("question_id,key_point\nl,It closes.\nzz,What?\nl,\n")
    with pytest.raises(InputError) as caught:
        read_key_points(path, [LONG])
    assert "2 broken rows: line 3 names the question 'zz', which the run does not have; line 4 has no key point" in str(
        caught.value
    )
    path.write_text("id,point\nl,It closes.\n")
    with pytest.raises(InputError, match="columns question_id, key_point are missing"):
        read_key_points(path, [LONG])


def test_a_verdict_holds_for_exactly_what_was_judged():
    """Another judge, accepted answer, key point or text is judged again."""
    first = key_of("j", LONG, ("a",), "text")
    assert first == key_of("j", LONG.model_copy(update={"evidence": "e"}), ("a",), "text")
    other = LONG.model_copy(update={"answers": ("another",)})
    assert len({first, key_of("k", LONG, ("a",), "text"), key_of("j", other, ("a",), "text")}) == 3
    assert len({first, key_of("j", LONG, ("b",), "text"), key_of("j", LONG, ("a",), "texts")}) == 3


# --- the model

GPT = ApiModel(api="openai", base_url="https://a.example/v1", model="gpt-5-mini")


def api(model, host="b"):
    return ApiModel(api="openai", base_url=f"https://{host}.example/v1", model=model)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("gpt-5-mini", "gpt"),
        ("o3-mini", "gpt"),
        ("claude-sonnet-4", "claude"),
        ("meta-llama/Llama-3.3-70B", "llama"),
        ("mistral-small", "mistral"),
        ("google/gemma-3-4b", "gemini"),
        ("some-model", ""),
    ],
)
def test_families_are_known_by_name(name, expected):
    """Of models behind servers too."""
    assert family(api(name)) == expected


def test_a_judge_of_a_contenders_family_is_warned_of():
    """And one that is the contender's own model. A model of another family is not."""
    assert family_warning(GPT, {"rag": api("claude-x"), "base": api("unknown-1")}) == ""
    assert "of the same family (gpt) as the model of rag" in family_warning(GPT, {"rag": api("gpt-4.1")})
    assert "is the model of rag and hybrid" in family_warning(GPT, {"rag": GPT, "hybrid": GPT})
    default = LocalModel(name="bakeoff-reader")
    assert "smollm" in family_warning(LocalModel(name="HuggingFaceTB/SmolLM2-1.7B-Instruct"), {"rag": default})


def test_two_unknown_models_are_not_called_related():
    """Nothing is known of them."""
    assert family_warning(api("unknown-1"), {"rag": api("unknown-2")}) == ""


MINIMAL = "name: pilot\ndocuments: docs\nquestions: [questions.csv]\n"


def write(tmp_path, text):
    path = tmp_path / "bakeoff.yaml"
    path.write_text(MINIMAL + text)
    return path


def test_the_judge_is_a_name_or_a_model(tmp_path):
    """A name in `models:`, a local model, or settings as in `models:`. Paths start at the file's folder."""
    models = "models: {strong: {api: openai, base_url: 'https://a.example/v1', model: gpt-5-mini}}\n"
    config = load_config(write(tmp_path, models + "grading: {judge: strong, budget_usd: 2}\n"))
    assert config.judge == GPT and config.grading.budget_usd == 2
    assert load_config(write(tmp_path, "grading: {judge: ./weights}\n")).judge.name == str(tmp_path / "weights")
    settings = "grading: {judge: {api: openai, base_url: 'https://a.example/v1', model: gpt-5-mini}}\n"
    assert load_config(write(tmp_path, settings)).judge == GPT
    assert load_config(write(tmp_path, "grading: {judge: a/b}\n")).judge == LocalModel(name="a/b")
    assert load_config(write(tmp_path, "")).judge is None


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("grading: {judge: generater}\n", "'generater' is no model (did you mean 'generator'?)"),
        ("grading: {judge: embedder}\n", "'embedder' is the embedder, which writes no text"),
        ("grading: {judge: ''}\n", "name a model of `models:`, or leave the key out"),
        ("grading: {juge: a/b}\n", "unknown key 'grading.juge' (did you mean 'grading.judge'?)"),
        ("grading: {least_kappa: 1.5}\n", "'grading.least_kappa'"),
        ("grading: {budget_usd: -1}\n", "'grading.budget_usd'"),
        ("grading: {judge: {api: openai, base_url: nowhere, model: m}}\n", "is not the address of a server"),
        ("grading: strong\n", "'grading': give keys with their values"),
    ],
)
def test_a_wrong_setting_is_named(tmp_path, text, named):
    """With the value found and what is allowed."""
    with pytest.raises(ConfigError) as caught:
        load_config(write(tmp_path, text))
    assert named in str(caught.value) and caught.value.remedy


def test_models_can_be_given_as_settings():
    """As from Python."""
    assert judge_model(GPT, {}) == GPT and judge_model(None, {}) is None
    assert Grading(judge=GPT).judge == GPT
