"""Commands to use before a run: inspect the data, advise without a model, describe the input files."""

import sys
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

import typer

from bakeoff.cli.options import Json
from bakeoff.cli.output import note, print_json
from bakeoff.errors import ConfigError

Columns = Annotated[
    list[str] | None,
    typer.Option(
        "--columns",
        metavar="FIELD=COLUMN",
        help='A column by its name: question="Customer message". Repeat it, for answers also with several columns.',
    ),
]


class Described(StrEnum):
    """The files that a schema describes."""

    config = "config"
    profile = "profile"


def init(
    documents: Annotated[
        list[str] | None,
        typer.Argument(
            help="Folders, files or globs of documents, or one YAML file whose documents: names sources; none with "
            "--task classify.",
            show_default=False,
        ),
    ] = None,
    questions: Annotated[
        list[Path] | None,
        typer.Option("--questions", "-q", help="Question files (CSV, JSONL, xlsx, ...).", show_default=False),
    ] = None,
    task: Annotated[
        Literal["answer", "classify"],
        typer.Option("--task", help="answer: from documents. classify: each message gets a label."),
    ] = "answer",
    columns: Columns = None,
    output: Annotated[Path, typer.Option("--output", "-o", help="Where to write.")] = Path("bakeoff.yaml"),
    facts: Annotated[
        Path | None, typer.Option("--facts", help="Also write all questions with their facts, as CSV to correct.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite an existing file.")] = False,
    as_json: Json = False,
) -> None:
    """Inspect documents and questions, say what they allow, and write a commented bakeoff.yaml.

    It also writes bakeoff.schema.json, with which editors complete and check the keys.
    """
    from bakeoff.cli.stopping import explained
    from bakeoff.pilot.first_config import first_config

    named, asked = _inputs(documents or [], questions or [], task)
    with explained("run bakeoff init again, or have it write elsewhere: --output FILE", output.absolute().parent):
        written = first_config(named, asked, output, force, columns_of(columns or []), facts, task)
    if as_json:
        print_json(written)
    else:
        typer.echo("\n".join(written.lines))


def _inputs(documents: list[str], questions: list[Path], task: str) -> tuple[list[str], list[Path]]:
    """The documents and the question files. To classify, tables may be given without --questions.

    Raises ConfigError if one is missing, or if documents are given where they are not used.
    """
    if task == "classify" and documents and not questions:
        return [], [Path(name) for name in documents]
    if task == "classify" and documents:
        raise ConfigError(
            f"To classify, no documents are used; found {', '.join(documents)}.",
            "leave them out, or leave out --task classify",
        )
    file = next(iter([*documents, *map(str, questions)]), "FILE")
    classify = f"to find the label of each message:  bakeoff init --task classify --questions {file}"
    if not questions:
        raise ConfigError(
            "No file of questions is given.", f"name one:  bakeoff init DOCS --questions FILE;  or, {classify}"
        )
    if task == "answer" and not documents:
        raise ConfigError(
            "No documents are given.", f"name them:  bakeoff init DOCS --questions {questions[0]};  or, {classify}"
        )
    return documents, questions


def columns_of(given: list[str]) -> dict[str, str | tuple[str, ...]]:
    """'field=column' as a mapping; of a field that is given more than once all columns, in order.

    Raises ConfigError if a text has another form.
    """
    for text in given:
        if not all(text.partition("=")):
            raise ConfigError(
                f"--columns {text!r} does not name a field and a column.",
                'write it as FIELD=COLUMN, such as question="Customer message"',
            )
    columns: dict[str, str | tuple[str, ...]] = {}
    for field, _, column in (text.partition("=") for text in given):
        known = columns.get(field.strip(), ())
        earlier = (known,) if isinstance(known, str) else known
        columns[field.strip()] = (*earlier, column.strip()) if earlier else column.strip()
    return columns


def advise(
    profile: Annotated[
        Path | None, typer.Option("--profile", "-p", help="A profile. With it, no questions are asked.")
    ] = None,
    documents: Annotated[
        list[str] | None, typer.Option("--documents", "-d", help="Documents to inspect, or a YAML file with sources.")
    ] = None,
    questions: Annotated[list[Path] | None, typer.Option("--questions", "-q", help="Questions to inspect.")] = None,
    columns: Columns = None,
    output: Annotated[Path, typer.Option("--output", "-o", help="The folder to write into.")] = Path("advice"),
    start: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="First day of the roadmap. Default: next Monday.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite existing files.")] = False,
    as_json: Json = False,
) -> None:
    """Advise without a model: decision matrix, cost, what a pilot must show, a 90-day roadmap."""
    from bakeoff.contenders.load import standard_entrants
    from bakeoff.decide.advise.advise import advise as give_advice
    from bakeoff.decide.advise.roadmap import next_monday
    from bakeoff.decide.situation.profile import Profile, read_profile
    from bakeoff.decide.situation.questionnaire import ask, inspect_data
    from bakeoff.report.advice.write import check_output, write_advice

    check_output(output, force)
    inspection = inspect_data(documents or (), questions or (), columns_of(columns or []))
    if profile:
        known = read_profile(profile)
    else:
        known = ask(_prompt, note, inspection.fill(Profile()), interactive=sys.stdin.isatty())
    begin = start.date() if start else next_monday(datetime.now().date())
    advice = give_advice(known, begin, standard_entrants(), inspection)
    paths = write_advice(advice, output, force)
    recommendation = advice.recommendation
    if as_json:
        about = {
            "warnings": list(advice.warnings),
            "pays_for_itself": [{**way.model_dump(mode="json"), "can_pay": way.can_pay} for way in advice.cost.paying],
            "currency": advice.cost.currency,
            "no_costs": advice.cost.problem,
            "written": list(map(str, paths)),
        }
        print_json({**recommendation.model_dump(mode="json"), **about})
        return
    no_costs = f"No costs, and nothing that follows from them: {advice.cost.problem}" if advice.cost.problem else ""
    lines = [
        recommendation.headline,
        *filter(None, [no_costs]),
        *filter(None, [recommendation.budget]),
        recommendation.uncertainty,
        *(f"Check first: {warning}" for warning in advice.warnings),
        *advice.cost.pays,
        *filter(None, [advice.cost.currency]),
        "",
    ]
    typer.echo("\n".join([*lines, *(f"Wrote {path}" for path in paths)]))


def _prompt(text: str) -> str:
    return str(typer.prompt(text, default="", show_default=False, err=True))


def schema(
    what: Annotated[Described, typer.Argument(help="The file to describe: bakeoff.yaml, or a profile.")] = (
        Described.config
    ),
    markdown: Annotated[
        bool, typer.Option("--markdown", help="Print the profile's reference page (docs/profile.md) instead.")
    ] = False,
) -> None:
    """Print the JSON schema of bakeoff.yaml or of a profile: every key with its type, default and range."""
    from bakeoff.decide.situation.reference import profile_page
    from bakeoff.runs.schema import config_schema, profile_schema

    if not markdown:
        print_json(config_schema() if what is Described.config else profile_schema())
    elif what is Described.profile:
        typer.echo(profile_page(), nl=False)
    else:
        raise ConfigError("Only the profile has a reference page.", "bakeoff schema profile --markdown")
