"""bakeoff synthesize on the command line: with scripted models, offline, resumed, reviewed, and with bad input."""

import csv
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from bakeoff.errors import ConfigError, InputError, LimitReachedError, RunFolderError
from bakeoff.questions import read_questions
from bakeoff.synthesis.output import Folder
from tests.end_to_end.small import make
from tests.fake_api import FakeApi
from tests.unit.test_cli import call, parsed

READER = "tests.end_to_end.small.reader"


@pytest.fixture
def pilot(tmp_path: Path) -> Path:
    """The planets, with models that need no weights."""
    return make(tmp_path / "pilot")


def command(pilot: Path, *more: object, out: str = "syn") -> tuple[object, ...]:
    folder = pilot.parent
    return ("synthesize", folder / "docs", "-c", pilot, "--reader", READER, "-o", folder / out, *more)


def test_wordings_of_a_runs_training_questions_are_made_and_trained_on(pilot):
    """A run of the same configuration with them trains on all of them and tests none."""
    said = parsed(*command(pilot, "--paraphrase", pilot, "--per-passage", 0, "--unanswerable", 0, "--json"))
    made = read_questions([pilot.parent / "syn" / "questions.jsonl"])
    assert said["kept"] == {"rule:wording": len(made)} and len(made) > 20 and said["left"] == 0

    from bakeoff.pilot.prepare import prepare
    from bakeoff.runs.config import load_config

    config = load_config(pilot)
    given = {"questions": (*config.questions, str(pilot.parent / "syn" / "questions.jsonl"))}
    found = prepare(config.model_copy(update=given))
    splits = {one.id: one.split for one in found.questions}
    used = [one for one in found.questions if one.synthetic]
    assert used and {one.split for one in used} == {"train"}
    assert {splits[one.synthetic.paraphrase_of] for one in used if one.synthetic} == {"train"}


def test_questions_are_made_from_documents_and_made_no_second_time(pilot):
    """--resume asks nothing again; without it the folder is refused; another document is noticed."""
    (pilot.parent / "docs" / "zorin.md").write_text("# Zorin\n\nThe day of the planet Zorin can last up to 31 days.\n")
    first = parsed(*command(pilot, "--unanswerable", 0, "--json"))
    assert first["kept"] == {"rule:amount": 1}
    with pytest.raises(ConfigError, match="already holds synthetic questions"):
        call(*command(pilot, "--unanswerable", 0))
    again = call(*command(pilot, "--unanswerable", 0, "--resume"))
    assert "0 passages and questions left: at most no request." in again.stderr and "1 question kept" in again.stdout
    (pilot.parent / "docs" / "yulan.md").write_text("# Yulan\n\nIts year can last up to 9 days.\n")
    with pytest.raises(ConfigError, match="begun with other documents"):
        call(*command(pilot, "--unanswerable", 0, "--resume"))


def test_a_folder_is_written_by_one_process_at_a_time(pilot):
    """A second one would pay for everything twice and mix both; what was begun can go on afterwards."""
    folder = Folder(pilot.parent / "syn")
    with folder.lock():
        for more in ([], ["--resume"]):
            with pytest.raises(RunFolderError, match="Another bakeoff synthesize is using"):
                call(*command(pilot, *more))
        assert [path.name for path in folder.root.iterdir()] == [".lock"]
    call(*command(pilot))
    with folder.lock(), pytest.raises(RunFolderError, match="Another bakeoff synthesize is using"):
        call("synthesize", "--read", folder.root / "review.csv", "-o", folder.root)


def test_few_drafts_are_said_with_what_to_do(pilot):
    """Before and after: how many passages gave drafts, why the others gave none, and that a model can write."""
    said = call(*command(pilot, "--unanswerable", 0))
    for text in (said.stderr, said.stdout):
        words = " ".join(text.split())
        assert "the others have no sentence that a rule can turn into a question" in words and "--model NAME" in words
    assert "The rules draft 0 questions from 0 of" in said.stderr


def test_other_questions_are_noticed_before_going_on(pilot, tmp_path):
    """The wordings that are done would belong to questions that are not asked any more."""
    path = tmp_path / "q.jsonl"
    row = {"id": "a", "question": "How long is a year on Aldra?", "answers": ["314 days"], "source": "aldra.md"}
    path.write_text(json.dumps(row) + "\n")
    options = ("--paraphrase", path, "--per-passage", 0, "--unanswerable", 0)
    call(*command(pilot, *options))
    call(*command(pilot, *options, "--resume"))
    path.write_text(json.dumps({**row, "question": "How many days has a year on Aldra?"}) + "\n")
    with pytest.raises(ConfigError, match="begun with other questions: questions was"):
        call(*command(pilot, *options, "--resume"))


def test_a_review_is_read_back(pilot):
    """An accepted question may be tested from then on."""
    call(*command(pilot, "--paraphrase", pilot, "--per-passage", 0, "--unanswerable", 0, "--limit", 5))
    folder = pilot.parent / "syn"
    with (folder / "review.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    with (folder / "filled.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows({**row, "decision": "a" if n == 0 else "r" if n == 1 else ""} for n, row in enumerate(rows))
    said = call("synthesize", "--read", folder / "filled.csv", "-o", folder)
    assert "1 accepted, 0 edited and accepted, 1 rejected" in said.stderr
    made = read_questions([folder / "questions.csv"])
    assert sum(not one.is_unreviewed for one in made) == 1 and len(made) == len(rows) - 1
    with (folder / "filled.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    said = call("synthesize", "--read", folder / "filled.csv", "-o", folder)
    assert "2 earlier decisions withdrawn" in said.stderr
    assert all(one.is_unreviewed for one in read_questions([folder / "questions.csv"]))
    with pytest.raises(ConfigError, match="holds no synthetic questions"):
        call("synthesize", "--read", folder / "filled.csv", "-o", pilot.parent / "none")


def test_only_training_questions_of_a_file_are_reworded(pilot, tmp_path):
    """By its column `split`; without one, a note says what a run does."""
    rows = [
        {"id": name, "question": f"How long is a year on {planet}?", "answers": [days], "split": split,
         "source": f"{planet.lower()}.md"}
        for name, planet, days, split in (("a", "Aldra", "314 days", "train"), ("b", "Borun", "29 days", "test"))
    ]  # fmt: skip
    path = tmp_path / "q.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    only = ("--per-passage", 0, "--unanswerable", 0)
    call(*command(pilot, "--paraphrase", path, *only))
    made = read_questions([pilot.parent / "syn" / "questions.jsonl"])
    assert {one.synthetic.paraphrase_of for one in made if one.synthetic} == {"a"}
    path.write_text("".join(json.dumps({**row, "split": ""}) + "\n" for row in rows))
    said = call(*command(pilot, "--paraphrase", path, *only, out="all"))
    assert "The file has no splits: a run leaves out" in said.stderr
    path.write_text(json.dumps({**rows[0], "split": "test"}) + "\n")
    with pytest.raises(InputError, match=r"Of 1 question in q\.jsonl, none can be reworded"):
        call(*command(pilot, "--paraphrase", path, *only, out="none"))


def test_bad_input_is_refused_before_anything_is_asked(pilot, tmp_path):
    """No documents, nothing to make, no text, another language."""
    with pytest.raises(ConfigError, match="No documents were given"):
        call("synthesize", "-o", tmp_path / "x")
    with pytest.raises(ConfigError, match="Nothing is to be made"):
        call(*command(pilot, "--per-passage", 0, "--unanswerable", 0))
    with pytest.raises(ConfigError, match="--reader: 'nobody' is no model"):
        call("synthesize", pilot.parent / "docs", "--reader", "nobody", "-o", tmp_path / "x")
    for name, text, message in [
        ("empty", "# Heading\n", "hold no text to ask about"),
        (
            "german",
            "Das Gerät wird im Winter geheizt und im Sommer gekühlt. " * 9,
            r"No document is in English \(German",
        ),
    ]:
        folder = tmp_path / name
        folder.mkdir()
        (folder / "a.md").write_text(text)
        with pytest.raises(InputError, match=message):
            call("synthesize", folder, "-c", pilot, "--reader", READER, "-o", tmp_path / f"{name}-out")


def test_documents_in_other_languages_are_left_out_and_noted(pilot):
    """The English ones are used."""
    german = "Der Planet Aldra umkreist seinen Stern in 314 Tagen, und am Mittag ist sein Himmel blau. " * 5
    (pilot.parent / "docs" / "aldra-de.md").write_text(german)
    said = call(*command(pilot, "--unanswerable", 0))
    assert "1 document left out, not in English: aldra-de.md (German)." in said.stderr


def test_requests_to_an_api_are_only_sent_if_that_is_allowed(pilot, monkeypatch):
    """Their number is printed before; where nobody can be asked, --yes is needed. Not even a first try is sent."""
    asked = []
    monkeypatch.setattr("bakeoff.models.probe.probe", asked.append)
    values = json.loads(pilot.read_text())
    values["models"]["large"] = {"api": "openai", "base_url": "http://127.0.0.1:9/v1", "model": "m", "retries": 0}
    pilot.write_text(json.dumps(values))
    for _ in range(2):  # a folder that was refused is not begun: the command is typed again with --yes
        with pytest.raises(ConfigError, match="nobody can be asked here"):
            call(*command(pilot, "--model", "large"))
    assert not asked


def test_what_a_writer_writes_is_marked_with_its_name(pilot):
    """A broken reply of a model is counted; rules go on."""
    said = parsed(*command(pilot, "--model", READER, "--unanswerable", 0, "--limit", 1, "--json"))
    assert said["dropped"]["the model's reply could not be read"] > 0 and said["failed"] == []


# --- paid models

PRICE = {"input_tokens": 1.0, "output_tokens": 4.0}


@pytest.fixture
def api() -> Iterator[FakeApi]:
    with FakeApi(reply=lambda messages: "314 days") as server:
        yield server


def paid(tmp_path: Path, api: FakeApi, *more: object, **settings: object) -> tuple[object, ...]:
    """The command with a paid model that reads."""
    server = {"api": "openai", "base_url": api.url, "model": "m", "retries": 0, "price": PRICE, **settings}
    pilot = make(tmp_path / "pilot", models={"generator": server, "embedder": "hash"})
    wordings = ("--paraphrase", pilot, "--per-passage", 0, "--unanswerable", 0)
    where = ("-c", pilot, "-o", tmp_path / "syn")
    return ("synthesize", tmp_path / "pilot" / "docs", *where, "--reader", "generator", "--yes", *wordings, *more)


def test_paid_calls_are_counted_and_capped_and_go_on(tmp_path, api):
    """A stop at --usd keeps what was done and paid for; with more, the rest is asked, and the ledger has all of it."""
    words = paid(tmp_path, api)
    with pytest.raises(LimitReachedError, match=r"--usd is .* are spent on \d+ calls") as caught:
        call(*words, "--usd", 0.002)
    assert "--resume and a higher --usd" in caught.value.remedy
    asked, done = api.n_requests, (tmp_path / "syn" / "done.jsonl").read_text().count("\n")
    assert asked > 2 and done >= 0
    said = call(*words, "--usd", 5, "--resume", "--json")
    assert "Spent so far:" in said.stderr
    rows = [json.loads(line) for line in (tmp_path / "syn" / "spending.jsonl").read_text().splitlines()]
    assert len([row for row in rows if row["row"] == "intent"]) == api.n_requests
    assert {row["stage"] for row in rows if row["row"] == "intent"} == {"synthesize"}
    assert json.loads(said.stdout)["spent_usd"] == pytest.approx(sum(row.get("usd") or 0 for row in rows))
    bodies = [json.dumps(body, sort_keys=True) for body in api.bodies]
    assert len(bodies) - len(set(bodies)) <= 2  # the test of the model, once in each session
    assert not (tmp_path / "syn" / "spending.replies.jsonl").exists()


def test_a_limit_in_dollars_needs_a_price(tmp_path, api):
    """Before anything is sent."""
    words = paid(tmp_path, api, "--usd", 5, base_url="https://llm.example/v1", price=None)
    with pytest.raises(ConfigError, match=r"--usd is .* nothing says what the tokens of") as caught:
        call(*words)
    assert "budget.calls" not in caught.value.remedy
    with pytest.raises(ConfigError, match="--usd 0 allows no call"):
        call(*paid(tmp_path / "b", api, "--usd", 0))
    assert not api.n_requests


def test_documents_with_labels_are_counted_before_anything_is_made(pilot):
    """What is made from them says what they say, to everybody who may read the files."""
    page = next((pilot.parent / "docs").glob("*.md"))
    page.write_text(f"---\naccess: [hr]\n---\n{page.read_text()}")
    said = call(*command(pilot, "--limit", 1))
    assert "are restricted by labels (hr (1))" in said.stderr and "say what they say" in said.stderr
