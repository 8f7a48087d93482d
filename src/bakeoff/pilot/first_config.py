"""`bakeoff init`: inspects documents and questions, says what they allow, and writes a commented bakeoff.yaml.

Takes paths, gives the text to show. Needs no model. Knows nothing about contenders but their names.
"""

import json
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from bakeoff.catalogue import CLASSIFYING, STANDARD
from bakeoff.corpus.sources.named import Places, places_of
from bakeoff.corpus.sources.settings import SourceSettings
from bakeoff.errors import ConfigError
from bakeoff.files import jsonl
from bakeoff.pilot.answer_settings import answers_line, sentences_warning, settled
from bakeoff.pilot.prepare import Prepared, prepare
from bakeoff.questions import column_lines, read_questions
from bakeoff.questions.evidence.absent import absent_answers
from bakeoff.questions.reading import fact_table, reading_lines
from bakeoff.questions.rows.columns import Mapped
from bakeoff.questions.rows.dates import MonthlyVolume
from bakeoff.records import Question, Record
from bakeoff.runs.config import Config
from bakeoff.runs.data import DataSummary
from bakeoff.runs.schema import SCHEMA_NAME, write_config_schema

TEMPLATE = """\
# yaml-language-server: $schema=./{schema}
# A pilot for Bakeoff. Run it with: bakeoff run {output}
# Every key has a default except name, documents and questions; docs/configuration.md explains each.
name: {name}

# Folders, files or globs, relative to this file: Markdown, text, HTML, PDF, Word, PowerPoint, Excel, CSV, mail, JSON.
# Also Git, databases, sites, buckets and mail: docs/sources.md.
documents:
{documents}

# CSV or JSONL with questions and answers. The fields id, fact, source, evidence, asked, date and kind are optional.
questions:
{questions}

# Columns of the question files whose names differ from their fields (docs/questions.md lists the names).
{columns}

# General-knowledge questions show what tuning makes a model forget. 'builtin' is a set that is part of Bakeoff;
# null turns this measure off.
general: {general}

# To measure freshness, give new versions of documents (same relative paths) and questions about what changed:
# updates:
#   documents: [updates/documents]
#   questions: [updates/questions.csv]

# Found in these files: {summary}
contenders: [{contenders}]

seed: 7
split: {{test: 0.4, dev: 0.15}}   # shares of the facts held out for the verdict and for calibration

# Models by name: a hub name, a folder, or one behind a server (docs/models.md). By default contenders use
# `generator` and `embedder`:
#   large: {{api: openai, base_url: https://llm.example/v1, model: NAME, key_env: LLM_KEY, context_tokens: 128000}}
models:
  generator: bakeoff-reader
  embedder: sentence-transformers/all-MiniLM-L6-v2

# Defaults for all contenders. To override them, write a mapping: {{name: rag-8, like: rag, retrieval: {{k: 8}}}}
retrieval: {{chunk_tokens: {chunk_tokens}, k: {k}}}

# {answer_lengths}.
# `answers` words the prompts: short (a few words), long (sentences), or mixed (as the question asks).
answers: {answers}
generation: {{max_new_tokens: {max_new_tokens}}}   # where every answer is cut off

# Your limits, volumes and prices. The verdict and the costs depend on them.
{profile}
"""


CLASSIFY = """\
# yaml-language-server: $schema=./{schema}
# A pilot for Bakeoff that classifies: which label a message gets. Run it with: bakeoff run {output}
# Every key has a default except name, task and questions; docs/configuration.md explains each.
name: {name}
task: classify

# CSV or JSONL with messages and their labels. A row without a label is out of scope: it has none of the labels.
questions:
{questions}

# Columns of the question files whose names differ from their fields (docs/questions.md lists the names).
{columns}

# Found in these files: {summary}
contenders: [{contenders}]

seed: 7
split: {{test: 0.4, dev: 0.15}}   # shares of each label's examples held out for the verdict and for calibration

# Models by name: a hub name, or a folder (docs/models.md).
models:
  generator: bakeoff-reader
  embedder: sentence-transformers/all-MiniLM-L6-v2

# Your limits, volumes and prices. The verdict and the costs depend on them.
{profile}
"""
COLUMN_OF_LABELS = "# columns: {question: text, answers: category}"

WROTE_FACTS = "Wrote {facts}: correct its column 'fact', then name it in place of the question files."


class FirstConfig(Record):
    """Which files were written, the data summary (as in data.json), and all of it as lines for a terminal."""

    config: str
    json_schema: str
    data: DataSummary
    lines: tuple[str, ...]


def first_config(
    documents: Sequence[str],
    questions: Sequence[Path],
    output: Path,
    force: bool = False,
    columns: Mapped | None = None,
    facts: Path | None = None,
    task: Literal["answer", "classify"] = "answer",
    recorded: Mapping[str, str] | None = None,
) -> FirstConfig:
    """Writes the configuration and the schema by which editors check it. Says what the data allow.

    `documents` are paths, or one YAML file whose `documents:` names sources, such as {git: ADDRESS}. `columns` maps
    fields of questions to the names of columns. If `facts` is given, all questions are also written
    there with their facts, as a table to correct. With the task 'classify' there are no documents. `recorded` are files
    of answers that were given before, by the name of the contender that each becomes. Raises ConfigError if an output
    exists and `force` is not set, InputError if the data cannot be used.
    """
    for path, option in ((output, "--output"), (facts, "--facts")):
        if path and path.exists() and not force:
            raise ConfigError(
                f"{path} exists already.", f"name another file with {option}, or overwrite it with --force"
            )
    given = {"name": _name(output), "task": task, "questions": tuple(map(str, questions)), "columns": columns or {}}
    places = places_of(documents)
    named = {"documents": places.sources, "folder": str(places.folder) if places.folder else None}
    config = Config.model_validate(given if task == "classify" else {**given, **named})
    prepared = prepare(config)
    jsonl.write_text(output, _text(config, prepared, output, recorded or {}, _entries(places, output)))
    schema = write_config_schema(output)
    if facts:
        jsonl.write_text(facts, fact_table(_before_splits(prepared.own_questions, config)))
    return FirstConfig(
        config=str(output),
        json_schema=str(schema),
        data=prepared.summary(),
        lines=(
            *column_lines(questions, config.columns),
            *prepared.lines(),
            *(_answer_lines(config, prepared) if task == "answer" else ()),
            "",
            *reading_lines([question for question in prepared.own_questions if question.slice != "changed"]),
            "",
            *(
                [f"Wrote {facts}: correct its column 'fact', then name it in place of the question files."]
                if facts
                else []
            ),
            f"Wrote {output} and {schema.name}. Editors use the schema to complete and check keys.",
            f"Run the pilot with: bakeoff run {output}",
        ),
    )


def _answer_lines(config: Config, prepared: Prepared) -> list[str]:
    lengths = prepared.answer_lengths
    absent = absent_answers(prepared.own_questions, prepared.documents)
    return [
        answers_line(settled(config, lengths), lengths),
        *sentences_warning(config, prepared.own_questions),
        *(f"warning: {warning}" for warning in absent),
    ]


def _before_splits(questions: Sequence[Question], config: Config) -> list[Question]:
    """The questions without those about updates, with only those splits that their files give."""
    given = {question.id: question.split for question in read_questions([*map(Path, config.questions)], config.columns)}
    return [question.model_copy(update={"split": given[question.id]}) for question in questions if question.id in given]


def _entries(places: Places, output: Path) -> str:
    """What is written below `documents:`: paths from the output on; entries of a file beside it as they are there."""
    folder = output.resolve().parent
    if places.folder == folder:
        entries = [_entry(one) for one in places.written]
    else:
        entries = [
            _entry(one.model_dump(mode="json") if isinstance(one, SourceSettings) else os.path.relpath(one, folder))
            for one in places.sources
        ]
    return "\n".join(f"  - {entry}" for entry in entries)


def _entry(value: Any) -> str:
    """A path or a mapping on one line of YAML."""
    return _quoted(value) if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _text(config: Config, prepared: Prepared, output: Path, recorded: Mapping[str, str], documents: str) -> str:
    folder, lengths = output.resolve().parent, prepared.answer_lengths
    labelled = config.task == "classify"
    shared = {
        "output": output,
        "schema": SCHEMA_NAME,
        "name": config.name,
        "questions": _list(config.questions, folder),
        "columns": _columns(config.columns) if config.columns or not labelled else COLUMN_OF_LABELS,
        "summary": prepared.lines()[0],
        "contenders": ", ".join([*(CLASSIFYING if labelled else STANDARD), *map(_recorded, recorded.items())]),
        "profile": _profile(prepared.monthly_volume),
    }
    if labelled:
        return CLASSIFY.format(**shared)
    return TEMPLATE.format(
        **shared,
        documents=documents,
        general=f"null   # {NONE_RECORDED}" if recorded else "builtin",
        chunk_tokens=config.retrieval.chunk_tokens,
        answer_lengths=lengths.line[:1].upper() + lengths.line[1:],
        answers=lengths.length,
        max_new_tokens=lengths.max_new_tokens,
        k=config.retrieval.k,
    )


NONE_RECORDED = "recorded contenders have no answers to general questions"


def _recorded(pair: tuple[str, str]) -> str:
    """An entry for a contender with recorded answers, by its name and file, in one line."""
    name, file = pair
    return f"{{name: {_quoted(name)}, like: recorded, options: {{answers: {_quoted(file)}}}}}"


def _columns(columns: Mapped) -> str:
    if not columns:
        return "# columns: {question: Customer message, answers: Resolution}"
    return "columns:\n" + "\n".join(
        f"  {field}: {json.dumps(name, ensure_ascii=False)}" for field, name in columns.items()
    )


def _profile(volume: MonthlyVolume | None) -> str:
    """The monthly volume from the questions' dates, else the default, commented out; and where to give a value."""
    if volume is None or not volume.is_known:
        return f"# profile:\n#   queries_per_month: 10000   # the default\n# {VALUE}"
    return f"profile:\n  queries_per_month: {volume.asked}   # from the dates and counts of the questions\n# {VALUE}"


VALUE = "  value: {currency: USD, unanswered: 4}   # when nobody answers a question, it costs you this"


def _list(paths: Sequence[str], folder: Path) -> str:
    return "\n".join(f"  - {_quoted(os.path.relpath(path, folder))}" for path in paths)


def _quoted(path: str) -> str:
    return path if re.fullmatch(r"[\w./-]+", path) else "'" + path.replace("'", "''") + "'"


def _name(output: Path) -> str:
    folder = re.sub(r"[^A-Za-z0-9._-]+", "-", output.resolve().parent.name).strip("-._")
    return folder or "pilot"
