"""`bakeoff init`: look at documents and questions, say what they allow, write a commented bakeoff.yaml.

Takes paths, gives the text to show. Needs no model. Knows nothing about contenders beyond their names.
"""

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bakeoff.errors import ConfigError
from bakeoff.files import jsonl
from bakeoff.pilot.prepare import Prepared, prepare
from bakeoff.records import Record
from bakeoff.runs.config import CONTENDERS, Config
from bakeoff.runs.schema import SCHEMA_NAME, write_config_schema

TEMPLATE = """\
# yaml-language-server: $schema=./{schema}
# A pilot for Bakeoff. Run it with: bakeoff run {output}
# Every key has a default except name, documents and questions; docs/configuration.md explains each.
name: {name}

# Folders, files or globs, relative to this file. Read: Markdown, text, HTML, PDF, DOCX, CSV, JSONL.
documents:
{documents}

# CSV or JSONL with a question and its answers; an id, fact, source, evidence, asked, date and kind help.
questions:
{questions}

# General-knowledge questions show what tuning makes a model forget. 'builtin' is a set that comes with Bakeoff;
# null leaves the measure out.
general: builtin

# To measure freshness, give new versions of documents (same relative paths) and questions about what changed:
# updates:
#   documents: [updates/documents]
#   questions: [updates/questions.csv]

# Found here: {found}
contenders: [{contenders}]

seed: 7
split: {{test: 0.4, dev: 0.15}}   # the share of the facts held out for the verdict, and for calibration

models:
  generator: HuggingFaceTB/SmolLM2-135M-Instruct   # a hub name, a local folder, or openai:<base_url>#<model>
  engine: auto                                     # auto, openvino or transformers
  embedder: sentence-transformers/all-MiniLM-L6-v2

retrieval: {{chunk_tokens: {chunk_tokens}, k: {k}}}

# What you know of your situation (limits, volumes, prices): the verdict and the costs depend on it.
{profile}
"""


class FirstConfig(Record):
    """What was written where, what the data are (as in data.json), and all of it as lines for a terminal."""

    config: str
    json_schema: str
    data: dict[str, Any]
    lines: tuple[str, ...]


def first_config(
    documents: Sequence[str],
    questions: Sequence[Path],
    output: Path,
    force: bool = False,
    columns: Mapping[str, str] | None = None,
) -> FirstConfig:
    """Write the configuration, and beside it the schema by which editors check it; say what the data allow.

    Raises ConfigError where the output exists and `force` is not set, InputError where the data cannot be used.
    """
    if output.exists() and not force:
        raise ConfigError(f"{output} exists already.", "name another file with --output, or overwrite it with --force")
    config = Config(name=_name(output), documents=tuple(documents), questions=tuple(str(path) for path in questions))
    prepared = prepare(config)
    jsonl.write_text(output, _text(config, prepared, output))
    schema = write_config_schema(output)
    return FirstConfig(
        config=str(output),
        json_schema=str(schema),
        data=prepared.summary(),
        lines=(
            *prepared.lines(),
            "",
            f"Wrote {output}, and {schema.name}, by which editors check its keys.",
            f"Run the pilot with: bakeoff run {output}",
        ),
    )


def initialise(documents: Sequence[str], questions: Sequence[Path], output: Path, force: bool = False) -> str:
    """Write the configuration and give a summary of the data for the terminal; raises as `first_config`."""
    return "\n".join(first_config(documents, questions, output, force).lines)


def _text(config: Config, prepared: Prepared, output: Path) -> str:
    folder = output.resolve().parent
    return TEMPLATE.format(
        output=output,
        schema=SCHEMA_NAME,
        name=config.name,
        documents=_list(config.documents, folder),
        questions=_list(config.questions, folder),
        found=prepared.lines()[0],
        contenders=", ".join(CONTENDERS),
        chunk_tokens=config.retrieval.chunk_tokens,
        k=config.retrieval.k,
        profile=_profile(prepared.asked_per_month),
    )


def _profile(asked_per_month: int | None) -> str:
    """The volume that the questions' dates show; commented out where they have none, as nobody gave the default."""
    if asked_per_month is None:
        return "# profile:\n#   queries_per_month: 10000   # the default"
    return f"profile:\n  queries_per_month: {asked_per_month}   # by the dates and counts of the questions"


def _list(paths: Sequence[str], folder: Path) -> str:
    return "\n".join(f"  - {_quoted(os.path.relpath(path, folder))}" for path in paths)


def _quoted(path: str) -> str:
    return path if re.fullmatch(r"[\w./-]+", path) else "'" + path.replace("'", "''") + "'"


def _name(output: Path) -> str:
    folder = re.sub(r"[^A-Za-z0-9._-]+", "-", output.resolve().parent.name).strip("-._")
    return folder or "pilot"
