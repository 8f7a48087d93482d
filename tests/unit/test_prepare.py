"""A configuration to all of its data: what updates replace, and what is reported before any work is done."""

import json
from pathlib import Path

import pytest

from bakeoff.errors import InputError
from bakeoff.pilot.prepare import Prepared, prepare
from bakeoff.runs.config import load_config
from tests.end_to_end.small import PLANETS, make


def prepared(folder: Path, *paths: str) -> Prepared:
    """The planets with an update whose documents have these paths. Its question names the first."""
    for path in paths:
        file = folder / "updates" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"# {path}\n\nA year lasts 300 days.\n")
    question = {"id": "u", "question": "How long is a year?", "answers": ["300 days"], "fact": "u", "source": paths[0]}
    config = make(folder, updates={"documents": ["updates"], "questions": ["changed.jsonl"]})
    (folder / "changed.jsonl").write_text(json.dumps(question))
    return prepare(load_config(config))


def test_an_update_replaces_documents_at_the_same_path(tmp_path: Path) -> None:
    """There is no note."""
    assert prepared(tmp_path, "aldra.md").notes == ()


def test_documents_of_an_update_that_replace_none_are_noted(tmp_path: Path) -> None:
    """They may be new ones."""
    (note,) = prepared(tmp_path, "aldra.md", "new/zorin.md").notes
    assert note == "These documents of the update replace no document and are added to the others: new/zorin.md."


def test_an_update_may_add_documents_only(tmp_path: Path) -> None:
    """A note says that none replaces an existing one."""
    found = prepared(tmp_path, "zorin.md", "new/yulan.md")
    assert found.notes == (
        "No document of the update replaces an existing one. They are added to the others: new/yulan.md, zorin.md.",
    )
    assert [one.slice for one in found.questions if one.id == "u"] == ["changed"]


def test_an_update_whose_folder_is_one_level_off_is_noted(tmp_path: Path) -> None:
    """File names coincide: the note says which path is meant."""
    (note,) = prepared(tmp_path, "docs/aldra.md", "docs/borun.md").notes
    assert "docs/aldra.md as aldra.md, docs/borun.md as borun.md" in note
    assert "same path below the update's folder" in note


def asked_after(folder: Path, *rows: dict[str, object], before: dict[str, object] | None = None) -> Prepared:
    """The planets, a question `before` beside theirs, and these questions after an update of Aldra."""
    (folder / "updates").mkdir(parents=True)
    (folder / "updates" / "aldra.md").write_text("# Aldra\n\nThe planet Aldra circles its star once in 300 days.\n")
    config = make(folder, updates={"documents": ["updates"], "questions": ["changed.jsonl"]})
    (folder / "changed.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    if before:
        with (folder / "questions.jsonl").open("a") as file:
            file.write(json.dumps(before) + "\n")
    return prepare(load_config(config))


def test_a_question_may_be_asked_again_without_ids(tmp_path: Path) -> None:
    """Its generated id is the same, so the later one gets a suffix. Both belong to one fact."""
    text = "In how many days does Aldra go around?"
    before = {"question": text, "answers": ["314 days"], "source": "aldra.md"}
    found = asked_after(tmp_path, {**before, "answers": ["300 days"]}, before=before)
    first, second = (one for one in found.questions if one.text == text)
    assert second.id == first.id + "@update"
    assert second.fact == first.fact
    assert (second.slice, second.split, second.answers) == ("changed", "test", ("300 days",))
    assert len({one.id for one in found.questions}) == len(found.questions)
    assert any("asked both before and after the update: 1." in note for note in found.notes)


def test_the_first_line_counts_test_questions_of_the_verdict_and_of_the_update(tmp_path: Path) -> None:
    """The verdict is based on the former only; the run's report counts the same."""
    found = asked_after(tmp_path, {"question": "A year of Aldra now?", "answers": ["300 days"], "source": "aldra.md"})
    tested = [one for one in found.questions if one.split == "test" and one.slice not in ("changed", "general")]
    assert f"{len(tested)} test and 1 test about the update)" in found.lines()[0]


def test_a_question_may_be_asked_again_under_its_id(tmp_path: Path) -> None:
    """It keeps the fact named in the file before, and so do other phrasings in the update."""
    both = {"answers": ["300 days"], "source": "aldra.md"}
    again = {"id": "Aldra-year-0", "question": "how long is a year on Aldra", **both}
    other = {"question": "How long does a year on Aldra last?", **both}
    changed = [one for one in asked_after(tmp_path, again, other).questions if one.slice == "changed"]
    assert changed[0].id == "Aldra-year-0@update"
    assert [one.fact for one in changed] == ["Aldra-year", "Aldra-year"]


def test_facts_that_both_files_name_stay(tmp_path: Path) -> None:
    """Facts given in the files are not changed."""
    again = {"id": "Aldra-year-0", "question": "How long is a year on Aldra?", "answers": ["300 days"], "fact": "new"}
    changed = [one for one in asked_after(tmp_path, again).questions if one.slice == "changed"]
    assert [one.fact for one in changed] == ["new"]


def test_an_id_for_two_texts_is_refused(tmp_path: Path) -> None:
    """Both texts are named."""
    with pytest.raises(InputError, match=r"'How long is a year on Aldra\?' before the update, and for 'What else\?'"):
        asked_after(tmp_path, {"id": "Aldra-year-0", "question": "What else?", "answers": ["300 days"]})


def test_questions_about_an_update_may_name_documents_that_stay(tmp_path: Path) -> None:
    """The new version is used if there is one, else the old document."""
    rows = [
        {"id": f"u-{name}", "question": f"Sky of {name} now?", "answers": [colour], "source": f"{name}.md"}
        for name, colour in (("aldra", "blue"), ("borun", "grey"))
    ]
    rows[0] |= {"question": "A year of Aldra now?", "answers": ["300 days"]}
    found = asked_after(tmp_path, *rows)
    spans = {one.id: one.source_spans[0] for one in found.questions if one.slice == "changed"}
    assert {name: span.source for name, span in spans.items()} == {"u-aldra": "aldra.md", "u-borun": "borun.md"}
    assert all(span.start is not None for span in spans.values())


def test_columns_hold_for_questions_and_updates(tmp_path: Path) -> None:
    """One of the files must have each column. The others are read by the usual names."""
    row = {"Customer message": "How long is a year on Aldra now?", "answers": ["300 days"]}
    (tmp_path / "updates").mkdir()
    (tmp_path / "updates" / "aldra.md").write_text("A year of Aldra has 300 days.\n")
    updates = {"documents": ["updates"], "questions": ["changed.jsonl"]}
    config = make(tmp_path, updates=updates, columns={"question": "customer message"})
    (tmp_path / "changed.jsonl").write_text(json.dumps(row))
    assert any(one.text == row["Customer message"] for one in prepare(load_config(config)).questions)


def test_labels_are_noted_and_split_within_each_label(tmp_path: Path) -> None:
    """Whatever documents the questions name, every label has a training example."""
    config = make(tmp_path)
    rows = [
        {"question": f"{word} {i} about {label}, please", "answers": [label], "source": f"{label.lower()}.md"}
        for label in PLANETS
        for i, word in enumerate("help ask need why what how when where who which".split())  # noqa: SIM905
    ]
    (tmp_path / "questions.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    found = prepare(load_config(config))
    assert {one.answers[0] for one in found.of("train")} == set(PLANETS)
    assert "12 distinct answers for 120 questions. The questions of each label are split" in " ".join(found.lines())
    assert found.data.n_labels == 12


def test_excused_copies_are_counted(tmp_path: Path) -> None:
    """Another phrasing of a trained fact is intended, but is still reported."""
    path = make(tmp_path)
    rows = [
        {"id": f"{i}{k}", "question": f"How long is a year {k} {name}?", "answers": [f"{i} days"], "fact": name}
        for i, name in enumerate("Aldra Borun Cetis Dorva Elian Fenra".split())  # noqa: SIM905
        for k in ("on", "upon")
    ]
    (tmp_path / "questions.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    found = prepare(load_config(path))
    n = sum(one.excused for one in found.leaks)
    assert n > 0
    assert any(line.startswith(f"note: {n} test questions resemble") for line in found.lines())


JAPANESE = (
    "# 保証\n\nこの惑星の一年は三百日です。保証期間はお買い上げの日から三年間で、落下による破損は対象になりません。\n"
)


def test_documents_that_the_embedder_does_not_cover_are_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the lines of a check and in the summary of a run; the languages have their shares."""
    monkeypatch.setattr("bakeoff.pilot.prepare.languages_of_embedder", lambda model: ("en",))
    config = make(tmp_path)
    (tmp_path / "docs" / "ja.md").write_text(JAPANESE * 20, encoding="utf-8")
    found = prepare(load_config(config))
    (note,) = [note for note in found.cautions if "embedder" in note]
    assert "Japanese (" in note and "was made for English" in note
    assert any(line.startswith("the documents are in Japanese (") for line in found.lines())
    summary = found.summary()
    assert note in summary.warnings
    assert set(summary.documents.languages) == {"ja", "en"}


def test_english_documents_need_no_word_about_languages(tmp_path: Path) -> None:
    """No line and no note."""
    found = prepare(load_config(make(tmp_path)))
    assert not [line for line in (*found.notes, *found.lines()) if "English" in line]


@pytest.mark.parametrize(
    ("profile", "warned"), [({"queries_per_month": 1200}, True), ({"queries_per_month": 20}, False), ({}, False)]
)
def test_a_volume_far_from_that_of_the_dates_is_said(tmp_path: Path, profile: dict[str, object], warned: bool) -> None:
    """Ten times or more, where the profile gives it: costs and verdict go by the profile."""
    config = make(tmp_path, profile=profile)
    path = tmp_path / "questions.jsonl"
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    dated = [row | {"date": f"2026-{1 + i % 3:02d}-{1 + i % 28:02d}"} for i, row in enumerate(rows)]
    path.write_text("".join(json.dumps(row) + "\n" for row in dated))
    found = prepare(load_config(config))
    assert found.monthly_volume is not None and 2 < found.monthly_volume.asked < 120
    said = [line for line in found.lines() if "The profile says" in line]
    assert len(said) == warned
    if warned:
        assert said[0].startswith("warning: The profile says 1,200 questions a month (queries_per_month), the dates")
        assert f"about {found.monthly_volume.asked:,}:" in said[0]
