"""The wording of prompts and the limit of answers follow the known answers, in `init` and in a run."""

import json
from pathlib import Path

import pytest

from bakeoff.errors import RunFolderError
from bakeoff.models.prompts import closed_book, grounded
from bakeoff.pilot.answer_settings import answers_line, sentences_warning, settled
from bakeoff.pilot.first_config import first_config
from bakeoff.pilot.run import run
from bakeoff.questions.answer_lengths import AnswerLengths, answer_length
from bakeoff.records import GenerationSettings
from bakeoff.runs.config import Config, load_config
from tests.end_to_end.small import make
from tests.unit.fakes import question

HOW_TO = "Open the settings, choose the account, then press the button with the bin and say yes to the question."


def lengths(*texts: str) -> AnswerLengths:
    """The lengths of these answers, one for each question."""
    return AnswerLengths.of([question(str(i), answers=[text]) for i, text in enumerate(texts)])


def test_six_words_are_short_and_seven_long():
    """The shortest accepted answer counts; a question without one has no length."""
    six = question("a", answers=["one two three four five six"])
    seven = question("b", answers=["one two three four five six seven"])
    assert (answer_length(six), answer_length(seven)) == ("short", "long")
    assert answer_length(question("c", answers=[*seven.answers, "24 months"])) == "short"
    assert answer_length(question("d", answers=[])) is None


@pytest.mark.parametrize(
    ("n_long", "generator", "warned"),
    [(2, "bakeoff-reader", True), (1, "bakeoff-reader", False), (10, "bakeoff-reader", True), (10, "other", False)],
)
def test_many_sentences_and_the_default_model_are_warned_of(n_long, generator, warned):
    """From a fifth on, in one line; another model is not warned of."""
    config = Config(name="x", documents=("d",), questions=("q",), models={"generator": generator})
    texts = ["24 months"] * (10 - n_long) + [HOW_TO] * n_long
    asked = [*(question(str(i), answers=[text]) for i, text in enumerate(texts)), question("u", answers=[])]
    lines = sentences_warning(config, asked)
    assert len(lines) == warned
    assert not warned or lines[0].startswith(f"warning: {n_long} of 10 answers are sentences")
    assert not warned or "weak at those: see docs/reader.md, or name a larger model" in lines[0]


def test_init_shows_the_warning(tmp_path):
    """Among its other lines."""
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "a.md").write_text(f"{HOW_TO}\n")
    rows = "".join(f"What is step {i}?,{HOW_TO.replace(',', ' ')}\n" for i in range(12))
    (tmp_path / "q.csv").write_text(f"question,answer\n{rows}")
    lines = first_config([str(tmp_path / "docs")], [tmp_path / "q.csv"], tmp_path / "bakeoff.yaml").lines
    assert sum("12 of 12 answers are sentences" in line for line in lines) == 1


@pytest.mark.parametrize(
    ("n_long", "length"), [(0, "short"), (1, "short"), (2, "mixed"), (8, "mixed"), (9, "mixed"), (10, "long")]
)
def test_the_wording_is_what_nearly_all_known_answers_call_for(n_long, length):
    """One how-to answer among ten changes nothing; all of them do."""
    assert lengths(*["24 months"] * (10 - n_long), *[HOW_TO] * n_long).length == length


def test_the_shortest_of_several_accepted_answers_counts():
    """A long wording beside a short one needs no more room, and a question without an answer none."""
    asked = [question("a", answers=[HOW_TO, "24 months"]), question("b", answers=[])]
    assert AnswerLengths.of(asked) == lengths("24 months")


def test_the_limit_leaves_room_for_what_is_known_and_has_bounds():
    """Half as much again as nearly all need; never below what a short sentence needs."""
    assert lengths("yes").max_new_tokens == AnswerLengths().max_new_tokens == 40
    assert lengths(HOW_TO).max_new_tokens * 3 >= 1.5 * len(HOW_TO)
    assert lengths(HOW_TO * 50).max_new_tokens == 256
    assert AnswerLengths().length == "short"


def test_what_the_configuration_gives_is_kept():
    """The rest follows the known answers; one given prompt leaves the other to them."""
    base = {"name": "x", "documents": "d", "questions": "q"}
    known = lengths(HOW_TO)
    auto = settled(Config(**base), known)
    assert (auto.answers, auto.prompts.grounded) == ("long", grounded("long"))
    assert auto.generation.max_new_tokens == known.max_new_tokens
    given = settled(Config(**base, answers="short", generation=GenerationSettings(max_new_tokens=9)), known)
    assert (given.answers, given.prompts.closed_book, given.generation.max_new_tokens) == (
        "short",
        closed_book("short"),
        9,
    )
    assert "100 % of them are longer than that" in answers_line(given, known).replace("\u202f", " ")
    own = closed_book("short").model_copy(update={"system": "mine"})
    mine = settled(Config(**base, prompts={"closed_book": own}), known)
    assert (mine.prompts.closed_book, mine.prompts.grounded) == (own, grounded("long"))
    assert settled(auto, lengths("yes")) == auto


def with_answers(folder: Path, text: str, **more) -> Path:
    """The small pilot with this sentence added to each known answer."""
    path = make(folder, contenders=["extract"], **more)
    questions = folder / "questions.jsonl"
    rows = [json.loads(line) for line in questions.read_text().splitlines()]
    for row in rows:
        if "answers" in row:
            row["answers"] = [f"{row['answers'][0]} {text}"]
    questions.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_a_run_says_and_keeps_what_follows_from_the_known_answers(tmp_path):
    """The folder holds the decided values; a resumed run has them too, and refuses others."""
    notes: list[str] = []
    path = with_answers(tmp_path, HOW_TO)
    folder = run(path, runs=tmp_path / "runs", listener=lambda event: notes.append(event.note)).folder
    kept = folder.config()
    assert (kept.answers, kept.prompts.grounded) == ("long", grounded("long"))
    assert any(note.startswith("Answers: 90") and "long prompt, at most 56 tokens" in note for note in notes)
    before = folder.config_path.read_bytes()
    run(path, runs=tmp_path / "runs", resume=True)
    assert folder.config_path.read_bytes() == before
    values = json.loads(path.read_text())
    path.write_text(json.dumps({**values, "generation": {"max_new_tokens": 9}}))
    with pytest.raises(RunFolderError, match="generation"):
        run(path, runs=tmp_path / "runs", resume=True)


def test_init_writes_what_the_run_would_decide(tmp_path):
    """With a comment that says from which lengths it follows."""
    path = with_answers(tmp_path, HOW_TO)
    first_config([str(tmp_path / "docs")], [tmp_path / "questions.jsonl"], tmp_path / "first.yaml")
    written = load_config(tmp_path / "first.yaml")
    folder = run(path, runs=tmp_path / "runs").folder
    assert (written.answers, written.generation) == (folder.config().answers, folder.config().generation)
    assert "of the known answers have at least" in (tmp_path / "first.yaml").read_text()


def test_one_word_is_no_words():
    """In each of the three sentences."""
    assert lengths("yes", "no").line == "90 % of the known answers have at most 1 word".replace(
        " %", "\N{NARROW NO-BREAK SPACE}%"
    )
    assert AnswerLengths(words=(1, 1, 1, 30)).line.startswith("half of the known answers have at most 1 word, ")
    assert lengths("yes", "two words").line.endswith("at most 2 words")
