"""The command that exports a run or a deployment in the format of another tool."""

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from bakeoff.cli.options import Json, Runs, contender_names, run_names
from bakeoff.cli.output import note, print_json
from bakeoff.errors import ConfigError

Form = Literal["mlflow", "ragas", "promptfoo", "beir", "chat", "preferences", "adapter", "merged", "gguf"]
OPTIONS: dict[str, tuple[Form, ...]] = {
    "--contender": ("ragas", "promptfoo", "adapter", "merged", "gguf"),
    "--base": ("adapter",),
    "--precision": ("merged", "gguf"),
    "--converter": ("gguf",),
    "--which": ("chat",),
    "--layout": ("preferences",),
    "--unreviewed": ("chat", "preferences"),
    "--restricted": ("chat", "preferences", "ragas", "promptfoo", "beir"),
}
"""The forms that each option belongs to."""


def export(
    origin: Annotated[
        str,
        typer.Argument(
            metavar="RUN_OR_DEPLOYMENT",
            help="A run or a deployment: its folder, or its name below --runs or --deployments.",
            autocompletion=run_names,
            show_default=False,
        ),
    ],
    to: Annotated[
        Form,
        typer.Option(
            "--to",
            help="mlflow: a run with its measures. ragas, promptfoo, beir: its test for them. chat, preferences: "
            "the log of a server as JSONL. adapter, merged, gguf: the model of a contender.",
            show_default=False,
        ),
    ],
    out: Annotated[
        str,
        typer.Option(
            help="The new file or folder; for mlflow a folder, a SQLite file (.db) or the address of a server.",
            show_default=False,
        ),
    ],
    contender: Annotated[
        str | None,
        typer.Option(
            "--contender",
            "-c",
            help="The contender whose model or answers are exported. By default the winner, else the most accurate "
            "that keeps the limits; for promptfoo, none.",
            autocompletion=contender_names,
            show_default=False,
        ),
    ] = None,
    base: Annotated[
        str | None,
        typer.Option(help="The name or folder of the base model to write into an adapter.", show_default=False),
    ] = None,
    precision: Annotated[
        Literal["float32", "bfloat16", "float16"] | None,
        typer.Option(help="The numbers of merged (float32 by default) and gguf (float16).", show_default=False),
    ] = None,
    converter: Annotated[
        Path | None,
        typer.Option(
            help="llama.cpp's folder or its convert_hf_to_gguf.py; also in the variable LLAMA_CPP.", show_default=False
        ),
    ] = None,
    which: Annotated[
        Literal["approved", "all"] | None,
        typer.Option(
            help="Chats with approved answers (the default), or also those without a thumb.", show_default=False
        ),
    ] = None,
    layout: Annotated[
        Literal["trl", "openai"] | None,
        typer.Option(help="The format of preferences: TRL's (the default) or OpenAI's.", show_default=False),
    ] = None,
    unreviewed: Annotated[
        bool,
        typer.Option(
            "--unreviewed", help="Of chat, preferences: right answers that users wrote, too, if they have no warning."
        ),
    ] = False,
    restricted: Annotated[
        bool,
        typer.Option(
            "--restricted",
            help="Of chat, preferences, ragas, promptfoo, beir: what rests on documents with labels, too.",
        ),
    ] = False,
    runs: Runs = Path("runs"),
    deployments: Annotated[Path, typer.Option(help="The folder that holds the deployments.")] = Path("deployments"),
    as_json: Json = False,
) -> None:
    """Export a run, a server's log or a contender's model for another tool. Nothing is overwritten."""
    given: dict[str, Any] = {
        "--contender": contender,
        "--base": base,
        "--precision": precision,
        "--converter": converter,
    }
    given |= {"--which": which, "--layout": layout, "--unreviewed": unreviewed or None}
    given["--restricted"] = restricted or None
    _check(to, given)
    if to == "mlflow":
        written = _to_mlflow(origin, out, runs, deployments)
    elif to in ("ragas", "promptfoo", "beir"):
        written = _test_of(origin, to, Path(out).expanduser(), contender, restricted, (runs, deployments))
    elif to in ("chat", "preferences"):
        written = _log_to_lines(origin, to, Path(out).expanduser(), given, deployments)
    else:
        written = _model(origin, to, Path(out).expanduser(), given, runs, deployments)
    if as_json:
        print_json({"form": to, "path": out, **written})
        return
    for text in filter(None, (*written.get("notes", ()), written.get("sentence"))):
        note(text)
    typer.echo(out)


def _check(form: Form, given: dict[str, Any]) -> None:
    """Raises ConfigError for an option of another form."""
    for option, value in given.items():
        if value is not None and form not in OPTIONS[option]:
            raise ConfigError(
                f"{option} does not belong to --to {form}.", f"it belongs to: {', '.join(OPTIONS[option])}"
            )


def _to_mlflow(origin: str, out: str, runs: Path, deployments: Path) -> dict[str, Any]:
    from bakeoff.exports.mlflow_run import export_mlflow
    from bakeoff.exports.origin import run_root
    from bakeoff.exports.tracking import tracking_of
    from bakeoff.runs.run import open_run

    written = export_mlflow(open_run(run_root(origin, runs, deployments), runs), tracking_of(out))
    sentence = f"MLflow: the run {written.run_id} with {written.n_contenders} contenders, in '{written.experiment}'."
    if not written.address.startswith("http"):
        sentence += f" Look at it with: mlflow ui --backend-store-uri {written.address}"
    return {**written._asdict(), "sentence": sentence}


def _test_of(
    origin: str, form: Form, out: Path, contender: str | None, restricted: bool, folders: tuple[Path, Path]
) -> dict[str, Any]:
    from bakeoff.exports.beir import export_beir
    from bakeoff.exports.origin import run_root
    from bakeoff.exports.promptfoo import export_promptfoo
    from bakeoff.exports.ragas import export_ragas
    from bakeoff.runs.run import open_run
    from bakeoff.sentences import counted

    run = open_run(run_root(origin, *folders), folders[0])
    if form == "ragas":
        chosen, n, notes = export_ragas(run, out, contender, restricted)
        return {
            "contender": chosen,
            "n_questions": n,
            "notes": notes,
            "sentence": f"{counted(n, 'answer')} of '{chosen}'.",
        }
    if form == "promptfoo":
        n, notes = export_promptfoo(run, out, contender, restricted)
        return {"contender": contender, "n_questions": n, "notes": notes, "sentence": f"{counted(n, 'test')}."}
    n_documents, n, notes = export_beir(run, out, restricted)
    sentence = f"{counted(n_documents, 'document')}, {counted(n, 'query', 'queries')}."
    return {"n_documents": n_documents, "n_questions": n, "notes": notes, "sentence": sentence}


def _log_to_lines(origin: str, form: Form, out: Path, given: dict[str, Any], deployments: Path) -> dict[str, Any]:
    from bakeoff.exports.log_lines import Wanted, export_chats, export_preferences
    from bakeoff.serve.deployment import open_deployment
    from bakeoff.serve.find import find_deployment

    deployment = open_deployment(find_deployment(origin, deployments))
    wanted = Wanted(bool(given["--unreviewed"]), bool(given["--restricted"]))
    if form == "chat":
        n, left_out = export_chats(deployment, out, given["--which"] or "approved", wanted)
    else:
        n, left_out = export_preferences(deployment, out, given["--layout"] or "trl", wanted)
    notes = left_out.sentences(deployment.root)
    return {
        "n_lines": n,
        "left_out": left_out._asdict(),
        "notes": notes,
        "sentence": f"{n} line{'s' if n != 1 else ''}.",
    }


def _model(origin: str, form: Form, out: Path, given: dict[str, Any], runs: Path, deployments: Path) -> dict[str, Any]:
    from bakeoff.exports.adapter import export_adapter
    from bakeoff.exports.gguf import export_gguf
    from bakeoff.exports.merged import export_merged
    from bakeoff.exports.origin import origin_of

    opened, contender, text = origin_of(origin, runs, deployments), given["--contender"], ""
    if form == "adapter":
        contender, text = export_adapter(opened, out, contender, given["--base"])
    elif form == "merged":
        contender = export_merged(opened, out, contender, given["--precision"] or "float32")
    else:
        contender = export_gguf(opened, out, contender, given["--precision"] or "float16", given["--converter"])
    return {"contender": contender, "notes": [text] if text else [], "sentence": f"The model of '{contender}'."}
