"""Preferences in a pilot: every layout is read, leaks are left out, and bad input costs one contender only."""

import json
from pathlib import Path

import pytest

from bakeoff.errors import ConfigError, InputError
from bakeoff.pilot.run import run
from bakeoff.records import Question
from bakeoff.runs.config import load_config
from bakeoff.serve.log_exports import _pair
from bakeoff.tuning.lora import TrainingSettings, train_adapter
from bakeoff.tuning.preferences.held import Judgements, divided, leaked_in, read_usable, why_not
from bakeoff.tuning.preferences.rows import Judgement, read_judgements, thumbs_of
from bakeoff.tuning.settings import Preferences, Tuning
from tests.end_to_end.small import PLANETS, make
from tests.unit.tiny_model import arithmetic, write_tiny_model

PAIR = Judgement(question="How long?", liked="12 days", disliked="a year")


def written(path: Path, *rows: object) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


@pytest.mark.parametrize("layout", ["openai", "trl"])
def test_both_layouts_of_the_export_are_read(layout, tmp_path: Path) -> None:
    """As `bakeoff serve` writes them."""
    path = written(tmp_path / "pairs.jsonl", _pair("How long?", "12 days", "a year", layout))
    assert read_judgements(path) == [PAIR]


def test_plain_texts_labels_and_chats_are_read(tmp_path: Path) -> None:
    """A system message is the contender's own, so one in the file says nothing."""
    turns = [{"role": "system", "content": "Be kind."}, {"role": "user", "content": " How long? "}]
    path = written(
        tmp_path / "rows.jsonl",
        {"prompt": "How long?", "chosen": "12 days", "rejected": "a year"},
        {"prompt": turns, "completion": "12 days", "label": True},
        {"prompt": "How long?", "completion": "a year", "label": False},
        {"messages": [*turns, {"role": "assistant", "content": "12 days"}]},
    )
    liked, disliked = (
        Judgement(question="How long?", liked="12 days"),
        Judgement(question="How long?", disliked="a year"),
    )
    assert read_judgements(path) == [PAIR, liked, disliked, liked]
    assert thumbs_of([PAIR]) == [liked, disliked]


def test_the_table_of_the_log_gives_its_thumbs(tmp_path: Path) -> None:
    """An answer without a thumb, a failed one, and a thumb up beside another right answer say nothing."""
    path = tmp_path / "answers.csv"
    path.write_text(
        "at,question,answer,thumb,right_answer\n1,How long?,12 days,up,\n2,How long?,'-3,down,4\n3,How long?,7,,\n"
        "4,How long?,,down,\n5,How long?,8,up,9\n"
    )
    liked, disliked = Judgement(question="How long?", liked="12 days"), Judgement(question="How long?", disliked="-3")
    assert read_judgements(path) == [liked, disliked]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([], "holds no preferences"),
        ([{"prompt": "a", "chosen": "b", "rejected": "c"}, {"prompt": "a", "chosen": "b"}],
         r"line 2: the key 'rejected' is missing; found: prompt, chosen"),
        ([{"prompt": "a", "chosen": "b", "rejected": " b\n"}], r"line 1: both answers of the pair are the same: 'b'"),
        ([{"prompt": "a", "chosen": " ", "rejected": "b"}], r"line 1: 'chosen' has no text"),
        ([{"prompt": "a", "completion": "b", "label": "up"}], r"label is 'up'; it must be true or false"),
        ([{"prompt": [{"role": "user", "content": "a"}] * 2, "chosen": "b", "rejected": "c"}], "'prompt' has 2 turns"),
        ([{"prompt": 5, "chosen": "b", "rejected": "c"}], "'prompt' is neither a text nor a list"),
        (["text"], "line 1 is not a JSON object"),
    ],
)  # fmt: skip
def test_a_bad_file_is_named_with_the_line(rows: list, message: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=message):
        read_judgements(written(tmp_path / "rows.jsonl", *rows))


def test_other_bad_files_are_named(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text("{")
    (tmp_path / "a.csv").write_text("question,answer\nx,y\n")
    (tmp_path / "b.csv").write_text("question,answer,thumb\nx,y,yes\n")
    cases = (("a.jsonl", "line 1 is not JSON"), ("a.csv", "the column 'thumb' is missing"),
             ("b.csv", "line 2: thumb is 'yes'"), ("none.jsonl", "cannot be read: No such file"))  # fmt: skip
    for name, message in cases:
        with pytest.raises(InputError, match=message):
            read_judgements(tmp_path / name)
    assert "cannot be read" in read_usable([str(tmp_path / "none.jsonl")], []).problem


def test_a_table_is_read_as_spreadsheets_write_it(tmp_path: Path) -> None:
    """Unquoted texts with signs that some programs take for line ends, long cells, semicolons, formula marks."""
    path, long = tmp_path / "answers.csv", "x" * 200_000
    path.write_text(
        f"question;answer;thumb\nHow long?;12\x0cdays;up\nHow?;one\u2028two;down\nWhat?;{long};up\nWhy?;' =3;up\n",
        encoding="utf-8",
    )
    assert read_judgements(path) == [
        Judgement(question="How long?", liked="12\x0cdays"),
        Judgement(question="How?", disliked="one\u2028two"),
        Judgement(question="What?", liked=long),
        Judgement(question="Why?", liked="=3"),
    ]


def test_no_file_stops_a_run(tmp_path: Path) -> None:
    """Whatever is wrong with it is a problem of its contender."""
    bad = {
        "half.jsonl": (
            '{"prompt": "a\\ud83d", "chosen": "b", "rejected": "c"}',
            "line 1: 'prompt' has half a character",
        ),
        "deep.jsonl": ("[" * 100_000, "line 1 is not JSON"),
        "open.csv": ('question,answer,thumb\na,"b,up\n', "a quote is never closed"),
    }
    for name, (text, problem) in bad.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
        assert problem in read_usable([str(tmp_path / name)], []).problem


def asked(text: str, split: str, *answers: str, fact: str = "f") -> Question:
    return Question(id=text, text=text, answers=answers, fact=fact, split=split)


def judged(question: str, liked: str = "300 days", disliked: str = "no") -> Judgement:
    return Judgement(question=question, liked=liked, disliked=disliked)


def test_what_is_about_dev_or_test_is_never_trained_on() -> None:
    """The question itself, a near-copy, and a near-copy whose disliked answer is the right one."""
    questions = [
        asked("How long is a year on Aldra?", "test", "314 days"),
        asked("Which colour is the sky of Borun?", "dev", "grey", fact="g"),
        asked("Who owns the moon of Cetis?", "test", fact="h"),
        asked("How long is a year on Aldrax?", "train", "7 days", fact="t"),
    ]
    rows = [
        judged("how long is a year on Aldra"),
        judged("How long is a year on Aldra now?", "314 days"),
        judged("How long is a year on Aldra now?", "It takes 314 days to go round."),
        judged("How long is a year on Aldra now?", "9 days", "It is 314 days"),
        judged("Which colour is the sky of Borun then?", "grey"),
        judged("Who owns the moon of Cetis today?", "nobody"),
        judged("How long is a year on Aldra now?", "9 days"),
        judged("How long is a year on Aldrax?", "7 days"),
        judged("What is the best soup?"),
    ]
    assert leaked_in(rows, questions) == {0, 1, 2, 3, 4, 5}


def test_another_phrasing_of_a_trained_fact_is_no_leak() -> None:
    """As among questions: the fact is trained on anyway. Almost the same words are."""
    test = asked("How long does a year on Aldra last?", "test", "314 days", fact="t")
    near = "How long does a year last on Aldra, please?"
    train = asked(near, "train", "314 days", fact="t")
    assert leaked_in([judged(near, "314 days")], [test, train]) == set()
    assert leaked_in([judged(near, "314 days")], [test]) == {0}
    assert leaked_in([judged(test.text, "314 days")], [test, asked(test.text, "train", "314 days", fact="t")]) == {0}


def some(n: int, **kinds: str) -> Judgements:
    texts = ("soup", "cars", "tax", "moon", "law", "tea", "ice", "war", "zinc", "kelp")
    questions = [f"What of {text}?" for text in texts[:n]]
    rows = [Judgement(question=text, **kinds) if kinds else judged(text) for text in questions]
    return Judgements(files=("x",), rows=tuple(rows))


def test_what_is_held_out_shares_no_question_with_what_is_trained_on() -> None:
    """Near-copies count as one question."""
    rows = some(10).rows
    again = tuple(row.model_copy(update={"question": row.question.upper(), "liked": "x"}) for row in rows)
    settings = Preferences(files="x")
    parts = divided(Judgements(files=("x",), rows=(*rows, *again)), settings, seed=1)
    assert (len(parts.train), len(parts.held)) == (16, 4)
    held = {row.question.upper() for row in parts.held}
    assert len(held) == 2 and not held & {row.question.upper() for row in parts.train}


def test_rare_thumbs_are_trained_on_and_measured() -> None:
    """Whatever is drawn: training has both kinds, and what is held out a liked answer, which the stop looks at."""
    settings, rows = Preferences(files="x", method="kto"), some(10).rows
    for rare, seed in ((side, seed) for side in ("liked", "disliked") for seed in range(10)):
        common = "disliked" if rare == "liked" else "liked"
        sides = [rare if n < 2 else common for n in range(10)]
        thumbs = tuple(Judgement(question=row.question, **{side: "a"}) for row, side in zip(rows, sides, strict=True))
        parts = divided(Judgements(files=("x",), rows=thumbs), settings, seed)
        assert (len(parts.train), len(parts.held)) == (8, 2)
        assert {bool(row.liked) for row in parts.train} == {True, False}
        assert any(row.liked for row in parts.held)


def test_something_is_left_to_train_on() -> None:
    """However large the share that is held out."""
    parts = divided(some(5), Preferences(files="x", held_out=0.95), seed=1)
    assert (len(parts.train), len(parts.held)) == (1, 4)


def test_preferences_that_teach_nothing_are_refused_with_the_reason() -> None:
    dpo, kto = Preferences(files="x"), Preferences(files="x", method="kto")
    assert why_not(some(5), dpo) == why_not(some(5), kto) == ""
    assert "no pair of answers" in why_not(some(6, liked="a"), dpo) and "method: kto" in why_not(
        some(6, liked="a"), dpo
    )
    assert "all 6 thumbs of its preferences are up" in why_not(some(6, liked="a"), kto)
    assert "all 6 thumbs of its preferences are down" in why_not(some(6, disliked="a"), kto)
    assert "about 4 different questions; at least 5" in why_not(some(4), dpo)
    leaked = Judgements(files=("x",), n_leaked=3)
    assert "(3 are about questions in dev or test)" in why_not(leaked, dpo)


def test_the_settings_name_the_method_and_old_names_stay() -> None:
    """A contender without preferences keeps the name of its tuned model."""
    tuning = Tuning(preferences=Preferences(files="x", method="kto"))
    assert tuning.label == "fine-tuned (kto)"
    assert "preferences" not in Tuning().identity() and "preferences" in tuning.identity()


def rows_about(n_words: int = 1) -> list[dict]:
    """Pairs about planets that no question names, in which a number is preferred."""
    names = ("Zyrka", "Uppon", "Wemble", "Qualo", "Xinth", "Tarquin")
    return [
        {"prompt": f"Tell me of the rings of {' '.join([name] * n_words)}", "chosen": f"{i}", "rejected": "who knows"}
        for i, name in enumerate(names)
    ]


def pilot(tmp_path: Path, contenders: list, **more) -> Path:
    models = {"generator": {"name": str(write_tiny_model(tmp_path / "tiny")), "engine": "transformers"}}
    models["embedder"] = "hash"
    tuning = {"epochs": 1, "examples": 8, "rank": 2}
    return make(tmp_path, models=models, contenders=contenders, generation={"max_new_tokens": 2}, tuning=tuning,
                planets=dict(list(PLANETS.items())[:8]), **more)  # fmt: skip


def with_preferences(name: str, like: str, files: str, **more: object) -> dict:
    return {"name": name, "like": like, "tuning": {"preferences": {"files": files, "epochs": 1, **more}}}


def test_a_pilot_tunes_from_preferences(tmp_path: Path) -> None:
    """The supervised model is trained once and shared. A pair about a test question is left out and counted."""
    contenders = [
        "base",
        "tuned",
        with_preferences("tuned-dpo", "tuned", "pairs.jsonl"),
        with_preferences("hybrid-kto", "hybrid", "pairs.jsonl", method="kto"),
    ]
    config = pilot(tmp_path, contenders)
    leaking = [
        {"prompt": text, "chosen": "314 days", "rejected": "blue"}
        for text in (
            "How long is a year on Aldra?",
            "In what time does Aldra circle its star?",
            "Aldra: orbital period?",
        )
    ]
    written(tmp_path / "pairs.jsonl", *rows_about(), *leaking)
    finished = run(config, runs=tmp_path / "runs")
    assert not [
        answer.error for name in ("tuned-dpo", "hybrid-kto") for answer in finished.answers(name) if answer.error
    ]
    (note,) = [note for note in finished.folder.data().notes if note.startswith("preferences of")]
    measured = {question.text for question in finished.folder.questions() if question.split in ("dev", "test")}
    n = sum(row["prompt"] in measured for row in leaking)
    assert n and f"{n} are left out" in note
    adapters = sorted(path.name for path in (finished.folder.root / "adapters").iterdir())
    assert [name.split("-")[0] for name in adapters] == ["hybrid", "hybrid", "tuned", "tuned"]
    by_start = {}
    for name in adapters:
        request = json.loads((finished.folder.root / "adapters" / name / "request.json").read_text())
        by_start["preferences" in request, name.split("-")[0]] = request["first adapter"]
    assert by_start[True, "tuned"] and by_start[True, "hybrid"] and not by_start[False, "tuned"]
    entrant = finished.comparison.entrant("tuned-dpo")
    assert entrant.axes.tuning == "fine-tuned (rank 2, dpo)"
    assert set(finished.comparison.entrant("tuned").parts) < set(entrant.parts)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"files": "files/none.jsonl"}, "'p': there is no file of preferences .*none.jsonl"),
        ({"files": ["good.jsonl", "none.jsonl"]}, "there is no file of preferences .*none.jsonl"),
        ({"files": "good.jsonl", "start_from": "files/none"}, "there is no folder .*files/none, which its preferences"),
    ],
)
def test_preferences_that_do_not_exist_stop_a_run_before_it_begins(given: dict, message: str, tmp_path: Path) -> None:
    """No model is loaded and no run folder is made for a wrong path."""
    written(tmp_path / "good.jsonl", *rows_about())
    contender = {"name": "p", "like": "tuned", "tuning": {"preferences": given}}
    with pytest.raises(ConfigError, match=message) as caught:
        run(pilot(tmp_path, ["base", contender]), runs=tmp_path / "runs")
    assert "relative paths start at" in str(caught.value.remedy)
    assert not (tmp_path / "runs").exists()


def test_bad_preferences_cost_one_contender_each(tmp_path: Path) -> None:
    """The others go on, and each reason says what to do."""
    files = {
        "equal": [{"prompt": "a", "chosen": "b", "rejected": "b "}],
        "empty": [],
        "few": rows_about()[:2],
        "up": [{"prompt": row["prompt"], "completion": "x", "label": True} for row in rows_about()],
        "long": rows_about(300),
        "good": rows_about(),
    }
    (tmp_path / "files").mkdir()
    for name, rows in files.items():
        written(tmp_path / "files" / f"{name}.jsonl", *rows)
    other, settings = write_tiny_model(tmp_path / "other", hidden_size=48), TrainingSettings(rank=2, max_epochs=1)
    train_adapter(other, arithmetic(4), [], settings, tmp_path / "files" / "of-another")
    named = ("equal", "empty", "few", "long")
    contenders = [
        "base",
        *(with_preferences(name, "tuned", f"files/{name}.jsonl") for name in named),
        with_preferences("up", "tuned", "files/up.jsonl", method="kto"),
        with_preferences("foreign", "tuned", "files/good.jsonl", start_from="files/of-another"),
    ]
    config = pilot(tmp_path, contenders)
    assert load_config(config).specs[1].tuning.preferences.files == (str(tmp_path / "files" / "equal.jsonl"),)
    notes: list[str] = []
    finished = run(config, runs=tmp_path / "runs", listener=lambda event: notes.append(event.note or ""))
    assert [entrant.name for entrant in finished.comparison.entrants] == ["base"]
    reasons = {name: next(note for note in notes if note.startswith(f"note: {name} is left out")) for name in
               (*named, "up", "foreign")}  # fmt: skip
    for name, reason in {
        "equal": "equal.jsonl, line 1: both answers of the pair are the same",
        "empty": "holds no preferences",
        "few": "about 2 different questions",
        "long": "tokens; the model takes 1024",
        "up": "all 6 thumbs",
        "foreign": "another model",
    }.items():
        assert reason in reasons[name], reasons[name]
