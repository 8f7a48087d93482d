"""The command that says how a deployment does in use."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bakeoff.cli.options import DEPLOYMENTS, DeploymentName, Deployments, Json
from bakeoff.cli.output import console, note, print_json, table
from bakeoff.sentences import counted

if TYPE_CHECKING:
    from bakeoff.learn.monitor.monitor import Snapshot
    from bakeoff.learn.monitor.topics import Embed


def monitor(
    deployment: DeploymentName,
    days: Annotated[int, typer.Option(min=1, max=366, help="The days of the figures, today included.")] = 28,
    webhook: Annotated[
        str,
        typer.Option(metavar="URL", help="Tell this address of alarms that began or ended. By default nobody."),
    ] = "",
    deployments: Deployments = DEPLOYMENTS,
    as_json: Json = False,
) -> None:
    """Show what use says about a deployment: figures, drift, new topics, alarms, and whether the verdict still holds.

    It reads the log; the server need not run. The same is shown by a running server at /monitor.
    """
    from bakeoff.learn.monitor.monitor import Monitor
    from bakeoff.learn.monitor.webhook import checked_webhook
    from bakeoff.serve.find import find_deployment
    from bakeoff.serve.log import Log

    address = checked_webhook(webhook) if webhook else ""
    root = find_deployment(deployment, deployments)
    with Log(root / "log.sqlite") as log:
        snapshot = Monitor(root, log, days, _embedder(root)).snapshot()
    if as_json:
        print_json(snapshot)
    else:
        _show(snapshot)
    if address:
        _tell(root, snapshot, address)


def _embedder(root: Path) -> "Embed | None":
    """The embedder that the live release searches with, if it can be loaded here. It knows questions in other words."""
    from bakeoff.errors import BakeoffError
    from bakeoff.files.unreadable import reason_of
    from bakeoff.serve.deployment import open_deployment

    opened = open_deployment(root)
    try:
        built = opened.world.built(opened.release.contender)
        embedder = opened.world.embedder(built.spec.retrieval.embedder)
    except (BakeoffError, KeyError, OSError) as error:
        note(f"Topics are grouped by words alone, since the embedder cannot be loaded. {reason_of(error)}")
        return None
    return lambda texts: embedder.embed_queries(list(texts))


def _tell(root: Path, snapshot: "Snapshot", address: str) -> None:
    from bakeoff.learn.monitor.alarm_book import AlarmBook
    from bakeoff.learn.monitor.webhook import tell

    book = AlarmBook(root)
    for news in book.news(snapshot.alarms):
        problem = tell(address, snapshot.deployment, news)
        if problem:
            note(f"The webhook was not told that the alarm '{news.kind}' {news.what}: {problem}")
        else:
            book.told(news)


def _show(of: "Snapshot") -> None:
    from bakeoff.decide.wording import money
    from bakeoff.sentences import DASH, count, milliseconds, percent

    def share(value: float | None) -> str:
        return DASH if value is None else percent(value)

    def ms(value: float | None) -> str:
        return DASH if value is None else milliseconds(value)

    typer.echo(
        f"{of.deployment}: release {of.release} is live, {of.contender}. Last {counted(of.days, 'day')}, in UTC."
    )
    names = ("week of", "questions", "declined", "failed", "median", "95 % within", "up", "down", "cost")
    weeks = [(one.start.isoformat(), one) for one in of.weeks[-8:]]
    rows = [
        (
            name,
            count(one.questions),
            share(one.declined_share),
            share(one.failed_share),
            ms(one.latency_p50_ms),
            ms(one.latency_p95_ms),
            str(one.thumbs_up),
            str(one.thumbs_down),
            DASH if one.cost_usd is None else money(one.cost_usd),
        )
        for name, one in [*weeks, (counted(of.days, "day"), of.total)]
    ]
    console().print(table(names, rows, right=range(1, len(names))))
    for sentence in _sentences(of):
        typer.echo(sentence)
    for alarm in of.alarms:
        typer.echo(f"ALARM {alarm.kind}, since {alarm.since}: {alarm.text}\n  -> {alarm.remedy}")
    if not of.alarms:
        typer.echo("No alarm.")


def _sentences(of: "Snapshot") -> list[str]:
    """Coverage, topics, accuracy, age of documents and the verdict, a sentence each."""
    from bakeoff.sentences import percent

    covered, right = of.coverage, of.accuracy
    lines = []
    if covered.windows:
        last = covered.windows[-1]
        lines.append(
            f"Coverage: in the week of {last.start}, {percent(last.poor_share)} of {last.n} questions found passages "
            f"worse than those of 95 % of {covered.reference}'s (p = {last.p:.2g}, level {covered.level:.2g})."
        )
    else:
        lines.append(f"Coverage: {covered.note or 'no full week since the questions that it is compared with.'}")
    lines += [f"Without good evidence: {topic.name} ({counted(topic.n, 'question')})." for topic in of.topics]
    if right.accuracy is not None and right.low is not None and right.high is not None:
        pilot = f"; in the pilot {percent(right.pilot)}" if right.pilot is not None else ""
        lines.append(
            f"Accuracy: {percent(right.accuracy)} of {right.n} reviewed at random, interval {percent(right.low)} to "
            f"{percent(right.high)}{pilot}. {right.interval_line} {right.reviewed_line}"
        )
    else:
        lines.append(f"Accuracy: {right.note}")
    if of.freshness.age_days is not None:
        old = f"; {percent(of.freshness.old_share)} of answers from old ones" if of.freshness.old_share else ""
        lines.append(f"Documents behind answers: {of.freshness.age_days:.0f} days old, median{old}.")
    return [*lines, of.revisited.sentence]
