"""Data of other tools become a folder that a pilot runs on; what cannot be used is counted with the reason."""

import csv
import json
from pathlib import Path

import pytest

from bakeoff.contenders.recorded_answers import read_recorded
from bakeoff.errors import ConfigError, InputError
from bakeoff.importing.data_sets import rows_in, split_of
from bakeoff.importing.gathered import Texts
from bakeoff.importing.project import Imported, import_project
from bakeoff.pilot.prepare import prepare
from bakeoff.runs.config import Config, load_config
from tests.end_to_end.small import PLANETS, bakeoff

SKY = {name: f"The sky of {name} is {colour} at noon." for name, (_, colour) in PLANETS.items()}
YEAR = {name: f"The planet {name} circles its star once in {year}." for name, (year, _) in PLANETS.items()}


def lines(path: Path, rows) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def imported(source: Path, folder: Path, **more) -> tuple[Imported, Config]:
    """What was imported, and its configuration, which a pilot can read."""
    found = import_project(source, folder, **more)
    config = load_config(folder / "bakeoff.yaml")
    return found, config


def questions_of(config: Config):
    """The own questions of a configuration, with their evidence located."""
    return {question.text: question for question in prepare(config).own_questions}


# BEIR


def beir(folder: Path, answered: bool = True) -> Path:
    corpus = [{"_id": f"D/{n}", "title": name, "text": SKY[name]} for n, name in enumerate(PLANETS)]
    lines(folder / "corpus.jsonl", [*corpus, {"_id": "empty", "title": "", "text": " "}])
    queries = [{"_id": f"q{n}", "text": f"Which sky has {name}?"} for n, name in enumerate(PLANETS)]
    if answered:
        queries = [{**row, "answers": [colour]} for row, (_, colour) in zip(queries, PLANETS.values(), strict=True)]
    lines(folder / "queries.jsonl", [*queries, {"_id": "none", "text": "Which sky has nobody?", "answers": ["x"]}])
    (folder / "qrels").mkdir()
    rows = [f"q{n}\tD/{n}\t1" for n in range(len(PLANETS))]
    (folder / "qrels" / "test.tsv").write_text("\n".join(["query-id\tcorpus-id\tscore", *rows]))
    return folder


def test_a_folder_of_beir(tmp_path):
    """Relevant documents are sources; ids that are no file names get one."""
    found, config = imported(beir(tmp_path / "beir"), tmp_path / "project")
    assert (found.tool, found.n_documents, found.n_questions) == ("BEIR", 12, 12)
    assert found.left_out == (
        "1 document was left out: it has no text.",
        "1 query was left out: none of the documents is relevant to it in the qrels.",
    )
    question = questions_of(config)["Which sky has Aldra?"]
    assert (question.id, question.answers) == ("q0", ("blue",))
    (span,) = question.source_spans
    text = (tmp_path / "project" / "documents" / span.source).read_text()
    assert span.source == "D-0.txt" and text == f"Aldra\n\n{SKY['Aldra']}\n"
    assert text[span.start : span.end] == "blue"


def test_queries_of_beir_without_answers_wait_for_them(tmp_path):
    """Bakeoff grades answers, and BEIR has none: a table to fill in, and no configuration yet."""
    found = import_project(beir(tmp_path / "beir", answered=False), tmp_path / "project")
    assert (found.n_documents, found.n_questions, found.n_unanswered) == (12, 0, 12)
    assert "12 queries were left out: BEIR has no answers" in " ".join(found.left_out)
    assert "fill in the column answers" in " ".join(found.notes)
    with (tmp_path / "project" / "unanswered.csv").open() as file:
        first = next(csv.DictReader(file))
    assert first == {"id": "q0", "question": "Which sky has Aldra?", "answers": "", "source": "D-0.txt"}
    assert not (tmp_path / "project" / "bakeoff.yaml").exists()


# Data sets of Hugging Face


def squad_rows():
    for name, (year, colour) in PLANETS.items():
        context = f"{YEAR[name]} {SKY[name]}"
        yield {
            "id": f"{name}-y", "title": name, "context": context, "question": f"How long is a year of {name}?",
            "answers": {"text": [year], "answer_start": [context.index(year)]},
        }  # fmt: skip
        yield {
            "id": f"{name}-s", "title": name, "context": context, "question": f"Which sky has {name}?",
            "answers": {"text": [colour], "answer_start": [context.index(colour)]},
        }  # fmt: skip
        yield {
            "id": f"{name}-n", "title": name, "context": context, "question": f"Who found {name}?",
            "answers": {"text": [], "answer_start": []},
        }  # fmt: skip


def test_parquet_files_with_splits(tmp_path):
    """As Hugging Face's hub has them: passages become documents, each once; splits keep their names."""
    pyarrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    rows = [*squad_rows()]
    (tmp_path / "squad" / "data").mkdir(parents=True)
    for name, part in {"train": rows[:18], "validation": rows[18:]}.items():
        table = pyarrow.Table.from_pylist(part)
        parquet.write_table(table, tmp_path / "squad" / "data" / f"{name}-00000-of-00001.parquet")
    found, config = imported(tmp_path / "squad", tmp_path / "project")
    assert (found.tool, found.n_documents, found.n_questions, found.left_out) == ("SQuAD (squad)", 12, 36, ())
    asked = questions_of(config)
    (span,) = asked["Which sky has Aldra?"].source_spans
    assert span.source == "Aldra.txt"
    text = (tmp_path / "project" / "documents" / "Aldra.txt").read_text()
    assert text[span.start : span.end] == SKY["Aldra"].rstrip(".")
    assert not asked["Who found Aldra?"].answerable
    splits = {row["split"] for row in map(json.loads, (tmp_path / "project" / "questions.jsonl").open())}
    assert splits == {"train", "test"}


def test_arrow_as_save_to_disk_writes_it(tmp_path):
    """A stream of record batches beside JSON files that are no data; a file of batches is read, too."""
    pyarrow = pytest.importorskip("pyarrow")
    rows = [
        {"question": f"Which sky has {name}?", "answer": colour, "passage": SKY[name], "topic": 1}
        for name, (_, colour) in PLANETS.items()
    ]
    table = pyarrow.Table.from_pylist(rows)
    folder = tmp_path / "saved"
    for name, new in {"train": pyarrow.ipc.new_stream, "test": pyarrow.ipc.new_file}.items():
        (folder / name).mkdir(parents=True)
        part = table.slice(0, 6) if name == "train" else table.slice(6)
        with (
            pyarrow.OSFile(str(folder / name / "data-00000-of-00001.arrow"), "wb") as sink,
            new(sink, table.schema) as out,
        ):
            out.write_table(part)
        (folder / name / "dataset_info.json").write_text("{}")
        (folder / name / "state.json").write_text('{"_split": "x"}')
    (folder / "dataset_dict.json").write_text('{"splits": ["train", "test"]}')
    found, config = imported(folder, tmp_path / "project")
    assert (found.n_documents, found.n_questions) == (12, 12)
    question = questions_of(config)["Which sky has Lomir?"]
    assert question.answers == ("orange",) and question.split == "test" and question.source_spans[0].start is not None


def test_the_data_set_library_itself_writes_what_is_read(tmp_path):
    """Where `datasets` is installed."""
    datasets = pytest.importorskip("datasets", reason="datasets is not installed")
    datasets.Dataset.from_list([*squad_rows()]).save_to_disk(str(tmp_path / "saved"))
    assert len(rows_in(tmp_path / "saved")) == 36


def test_lines_of_json_with_objects_of_passages(tmp_path):
    """HotpotQA's: paragraphs by title, those that hold the answer are sources, the others only documents."""
    context = {"title": ["Aldra", "Borun"], "sentences": [[SKY["Aldra"], " It is far."], [SKY["Borun"]]]}
    row = {
        "question": "Which sky has Aldra?",
        "answer": "blue",
        "context": context,
        "supporting_facts": {"title": ["Aldra"]},
    }
    twice = {**row, "answer": "green"}
    path = lines(tmp_path / "hotpot.jsonl", [row, row, twice, {**row, "question": ""}])
    found = import_project(path, tmp_path / "project")
    assert found.n_documents == 2
    assert found.left_out == (
        "1 row was left out: its question was there before.",
        "1 row was left out: its question was there before, with another answer.",
        "1 row was left out: it has no question.",
    )
    (written,) = map(json.loads, (tmp_path / "project" / "questions.jsonl").open())
    assert written["source"] == ["Aldra.txt"]


def test_articles_of_squad_become_one_document_each(tmp_path):
    """The JSON of SQuAD's own page."""
    texts = (YEAR["Aldra"], SKY["Aldra"])
    answers = [[{"text": "Aldra", "answer_start": text.index("Aldra")}] for text in texts]
    paragraphs = [
        {"context": text, "qas": [{"id": f"{n}", "question": f"Which {n}?", "answers": answers[n]}]}
        for n, text in enumerate(texts)
    ]
    path = tmp_path / "dev.json"
    path.write_text(json.dumps({"version": "2.0", "data": [{"title": "Aldra", "paragraphs": paragraphs}]}))
    found = import_project(path, tmp_path / "project")
    assert (found.n_documents, found.n_questions) == (1, 2)
    assert (tmp_path / "project" / "documents" / "Aldra.txt").read_text().count("Aldra") == 3


# Ragas


def ragas_rows():
    for name, (_, colour) in PLANETS.items():
        yield {
            "user_input": f"Which sky has {name}?", "reference": colour, "reference_contexts": [SKY[name]],
            "response": f"It is {colour}.", "retrieved_contexts": [YEAR[name], SKY[name]], "faithfulness": 0.9,
        }  # fmt: skip


def test_results_of_ragas_are_questions_and_recorded_answers(tmp_path):
    """The passages that a system found become documents, and its answers a contender; scores are not read."""
    chat = {"user_input": [{"type": "human", "content": "Hi"}], "reference": "x", "response": "y"}
    source = lines(tmp_path / "our-rag.jsonl", [*ragas_rows(), chat])
    found, config = imported(source, tmp_path / "project")
    assert (found.n_documents, found.n_questions, found.answers) == (24, 12, {"our-rag": 12})
    assert any("1 sample was left out: several turns" in note for note in found.notes)
    (recorded,) = [spec for spec in config.specs if spec.recipe == "recorded"]
    assert recorded.name == "our-rag-recorded" and config.general is None
    first = read_recorded(Path(recorded.options["answers"]))[0]
    assert (first.question, first.answer) == ("Which sky has Aldra?", "It is blue.")
    assert [source.text for source in first.sources] == [YEAR["Aldra"], SKY["Aldra"]]
    (span,) = questions_of(config)["Which sky has Aldra?"].source_spans
    text = (tmp_path / "project" / "documents" / span.source).read_text()
    assert text[span.start : span.end] == SKY["Aldra"].rstrip(".")


def test_documents_that_exist_are_taken_in_place_of_passages(tmp_path):
    """Then quotes are searched in them."""
    (tmp_path / "docs").mkdir()
    for name in PLANETS:
        (tmp_path / "docs" / f"{name}.md").write_text(f"# {name}\n\n{YEAR[name]}\n\n{SKY[name]}\n")
    source = lines(tmp_path / "ragas.jsonl", ragas_rows())
    found, config = imported(source, tmp_path / "project", documents=[str(tmp_path / "docs")])
    assert found.n_documents == 0 and not (tmp_path / "project" / "documents").exists()
    (span,) = questions_of(config)["Which sky has Aldra?"].source_spans
    assert span.source == "Aldra.md" and span.start is not None


def test_ragas_before_its_version_0_2(tmp_path):
    """`answer` is the system's beside `ground_truth`, `contexts` what it found."""
    rows = [
        {"question": f"Which sky has {n}?", "ground_truth": c, "answer": f"maybe {c}", "contexts": [SKY[n]]}
        for n, (_, c) in PLANETS.items()
    ]
    found, config = imported(lines(tmp_path / "old.jsonl", rows), tmp_path / "project")
    assert questions_of(config)["Which sky has Aldra?"].answers == ("blue",)
    assert found.answers == {"old": 12} and found.n_documents == 12


# promptfoo


def promptfoo_results():
    for provider, words in {"openai:chat:m": "It is {}.", "ours": "{}"}.items():
        for n, (name, (_, colour)) in enumerate(PLANETS.items()):
            test = {"vars": {"question": f"Which sky has {name}?", "context": SKY[name]}}
            yield {
                "vars": test["vars"], "testCase": {**test, "assert": [{"type": "icontains", "value": colour}]},
                "provider": {"id": provider, "label": ""}, "prompt": {"raw": "p", "label": "p"}, "success": True,
                "response": {"output": words.format(colour), "tokenUsage": {"prompt": 40, "completion": 4, "total": 44},
                             "cost": 0.001, "cached": n == 0},
                "latencyMs": 700 + n, "cost": 0.001,
            }  # fmt: skip


def test_results_of_promptfoo_are_tests_and_the_answers_of_each_provider(tmp_path):
    """With their latencies and costs, but for what came from the cache."""
    results = [*promptfoo_results()]
    poem = {"vars": {"question": "Poem?"}, "assert": [{"type": "llm-rubric", "value": "nice"}]}
    results.append({**results[0], "testCase": poem, "vars": poem["vars"]})
    results.append({**results[13], "provider": "third", "response": {"error": "rate limit"}, "error": "rate limit"})
    results.append(results[14])
    given = {**results[15]["testCase"], "providerOutput": "orange"}
    results.append({**results[15], "provider": "third", "testCase": given})
    path = tmp_path / "results.json"
    path.write_text(
        json.dumps({"evalId": "e", "results": {"version": 3, "results": results, "stats": {}}, "config": {}})
    )
    found, config = imported(path, tmp_path / "project")
    assert (found.tool, found.n_documents, found.n_questions) == ("promptfoo", 12, 12)
    assert found.answers == {"openai-chat-m": 12, "ours": 12, "third": 2}
    assert "1 answer was left out: the same system answered the question more than once." in found.left_out
    assert "2 latencies were left out: promptfoo answered from its cache." in found.left_out
    assert "1 result was left out: its test has no reference answer, or no question." in found.left_out
    answers = [json.loads(line) for line in (tmp_path / "project" / "answers" / "ours.jsonl").open()]
    assert "latency_ms" not in answers[0] and "cost_usd" not in answers[0]
    assert (answers[1]["latency_ms"], answers[1]["cost_usd"], answers[1]["prompt_tokens"]) == (701, 0.001, 40)
    failed, given = read_recorded(tmp_path / "project" / "answers" / "third.jsonl")
    assert (failed.answer, failed.error) == ("", "rate limit")
    assert given.latency_ms is None and "1 latency was left out: the test has the output already." in found.left_out
    assert {spec.name for spec in config.specs} > {"openai-chat-m-recorded", "ours-recorded"}


# What goes wrong


def test_what_a_contender_with_recorded_answers_would_refuse_is_left_out(tmp_path):
    """Times that are no numbers, and two answers to questions that differ in case alone: the folder can be run."""
    rows = [
        {"user_input": "Why?", "reference": "so", "response": "so", "latency": "5 ms", "cost_usd": 0.1},
        {"user_input": "why? ", "reference": "so", "response": "no", "latency": 2},
    ]
    (tmp_path / "r.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    found = import_project(tmp_path / "r.jsonl", tmp_path / "out")
    (answer,) = read_recorded(tmp_path / "out" / "answers" / "r.jsonl")
    assert (answer.answer, answer.latency_ms, answer.cost_usd) == ("so", None, 0.1)
    said = " ".join(found.left_out)
    assert "1 value was left out: latency should be a number" in said and "more than once" in said


def test_nothing_is_overwritten_and_nothing_is_left_half(tmp_path):
    """The folder is new; if it cannot be used, there is none."""
    (tmp_path / "there").mkdir()
    source = lines(tmp_path / "ragas.jsonl", ragas_rows())
    with pytest.raises(ConfigError, match="overwrites nothing"):
        import_project(source, tmp_path / "there")
    for broken, words in [
        (lines(tmp_path / "x.jsonl", [{"colour": "blue"}]), "no question to use"),
        (tmp_path / "gone", "There is no"),
        (tmp_path / "there", "holds no file of a data set"),
        (lines(tmp_path / "bad" / "corpus.jsonl", [{"text": "a"}]).parent, "without '_id'"),
    ]:
        if broken.name == "bad":
            lines(broken / "queries.jsonl", [{"_id": "1", "text": "a"}])
        with pytest.raises(InputError) as refused:
            import_project(broken, tmp_path / "new")
        assert words in str(refused.value)
        assert not (tmp_path / "new").exists()
    (tmp_path / "p.parquet").write_bytes(b"PAR1 this is none")
    with pytest.raises(InputError, match="cannot be read"):
        import_project(tmp_path / "p.parquet", tmp_path / "new")


def test_of_many_questions_the_same_are_drawn(tmp_path):
    """So that an import can be repeated; the others are counted, and all documents stay."""
    source = lines(tmp_path / "squad.jsonl", squad_rows())
    first, second = (import_project(source, tmp_path / name, most_questions=20) for name in "ab")
    assert first.n_questions == second.n_questions == 20 and first.n_documents == 12
    assert "16 questions were left out: more than --most-questions." in first.left_out
    texts = [(tmp_path / name / "questions.jsonl").read_text() for name in "ab"]
    assert texts[0] == texts[1]


def test_files_get_safe_and_different_names():
    """Whatever the ids and the case; more than a thousand go to folders."""
    texts = Texts()
    names = [texts.add(f"text {n}", name=name) for n, name in enumerate(["a/b", "A-B", "../x", "", "ü"])]
    assert names[0] == "a-b.txt" and names[1].startswith("A-B-") and names[2] == "x.txt"
    assert len({name.casefold() for name in names}) == 5 and not any("/" in name for name in names)
    assert texts.add("text 0") == "a-b.txt"
    more = [texts.add(f"more {n}") for n in range(1000)]
    assert more[-1].startswith("001/") and len(set(more)) == 1000
    assert Texts(known=True).add("text") == "" == Texts().add(" ")


def test_splits_are_read_from_names():
    """Of files and folders; other names are none."""
    root = Path("x")
    found = [split_of(root / name, root) for name in ("train-0-of-2.parquet", "validation/data-0.arrow", "data.csv")]
    assert found == ["train", "validation", ""]


def test_the_command_says_what_was_imported(tmp_path):
    """Counts and files on stdout, what was left out on stderr; JSON for programs."""
    source = beir(tmp_path / "beir")
    done = bakeoff("import", str(source), "--to", "project", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("BEIR: 12 documents, 12 questions in project.")
    assert "bakeoff run project/bakeoff.yaml" in done.stdout
    assert "1 query was left out" in done.stderr
    again = bakeoff("import", str(source), "--to", "project", cwd=tmp_path)
    assert again.returncode == 1 and "exists already" in again.stderr
    other = bakeoff("import", str(source), "--to", "other", "--json", cwd=tmp_path)
    assert json.loads(other.stdout)["n_questions"] == 12
