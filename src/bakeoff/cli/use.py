"""Commands that use the contenders of a run."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bakeoff.cli.options import ContenderName, Json, RunName, Runs
from bakeoff.cli.output import note, print_json

if TYPE_CHECKING:
    from bakeoff.measure.comparison import Declining
    from bakeoff.records import Answer, Hit

SHOWN_WORDS = 20


def ask(
    run: RunName,
    question: Annotated[str, typer.Argument(help="The question, in quotes.", show_default=False)],
    contender: ContenderName = None,
    runs: Runs = Path("runs"),
    as_json: Json = False,
) -> None:
    """Ask a contender of a finished run a question. The answer appears as it is written, then its sources."""
    from bakeoff.records import Answer
    from bakeoff.runs.run import open_run

    opened = open_run(run, runs)
    name, reason = (contender, "as you named it") if contender else (opened.best.contender, opened.best.reason)
    note(f"Asking {name}: {reason}.")
    answer, written = None, ""
    for item in opened.stream(question, name):
        if isinstance(item, Answer):
            answer = item
        elif not as_json:
            typer.echo(item, nl=False)
            written += item
    if answer is None:
        answer = Answer(question_id="asked", contender=name, error="the contender gave no answer")
    if as_json:
        print_json({"question": question, "reason": reason, **_for_scripts(answer)})
    else:
        if written and not written.endswith("\n"):
            typer.echo()
        _show(answer, opened.comparison.declining)
    if answer.error is not None:
        raise typer.Exit(1)


def _for_scripts(answer: "Answer") -> dict[str, object]:
    """The answer as plain values, without the text if it was declined."""
    values = answer.model_dump(mode="json", exclude={"question_id"})
    return {**values, "text": ""} if answer.abstained else values


def _show(answer: "Answer", declining: "Mapping[str, Declining]") -> None:
    """Prints what follows the text: whether it declined, its sources, and what it took."""
    if answer.error is not None:
        note(f"{answer.contender} failed: {answer.error}")
    elif answer.abstained:
        typer.echo(f"{answer.contender} declined to answer{_why_declined(answer, declining)}.")
    if answer.truncated:
        note("The answer was cut off: it stopped at a limit of tokens. See generation.max_new_tokens.")
    if answer.citations and answer.error is None:
        typer.echo("\nPassages shown to the contender:")
        for hit in answer.citations:
            typer.echo(_citation(hit))
    usage = answer.usage
    seconds = (answer.latency_ms or 1000 * usage.seconds) / 1000
    route = f"; answered by {answer.route}" if answer.route else ""
    tokens = f"; {usage.prompt_tokens} prompt and {usage.completion_tokens} completion tokens"
    written = f"; written by {answer.origin.model}" if answer.origin and answer.origin.model else ""
    note(f"\n{seconds:.1f} s{tokens if usage.prompt_tokens else ''}{route}{written}")


def _why_declined(answer: "Answer", declining: "Mapping[str, Declining]") -> str:
    """Why an answer was declined, as the end of a sentence: its own words, or a threshold that the run fitted.

    For a routed question, the threshold is that of the contender that was asked. Empty if neither is the reason.
    """
    from bakeoff.grading.abstention import is_abstention

    if answer.text and is_abstention(answer.text):
        return ", in its own words"
    rule = declining.get(answer.route or answer.contender)
    if rule and rule.below is not None and answer.confidence is not None and answer.confidence < rule.below:
        return f": its confidence ({answer.confidence:.3g}) is below its threshold ({rule.below:.3g})"
    return "" if answer.text else ": it found nothing to answer with"


def _citation(hit: "Hit") -> str:
    """A passage in two lines: rank, source and heading, then its first words."""
    chunk = hit.chunk
    words = chunk.shown.split()
    more = " …" if len(words) > SHOWN_WORDS else ""
    heading = f" — {chunk.heading}" if chunk.heading else ""
    return f"{hit.rank}. {chunk.source}{heading}\n   {' '.join(words[:SHOWN_WORDS])}{more}"
