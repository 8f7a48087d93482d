"""Commands for the documents of a server, or of a deployment that no server uses."""

import os
import shlex
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from bakeoff.cli.options import Json
from bakeoff.cli.output import console, note, print_json, table
from bakeoff.errors import BakeoffError, InputError
from bakeoff.sentences import counted, listed

if TYPE_CHECKING:
    from bakeoff.corpus.sources.folders import Reading
    from bakeoff.formats.part import Problem
    from bakeoff.serve.documents.ends import Counts, Documents
    from bakeoff.serve.documents.source_sync import Synced
    from bakeoff.serve.documents.views import Listed

KEY = "BAKEOFF_KEY"
POLL_S = 1.0
MOST_PROBLEMS = 20

Url = Annotated[str, typer.Option(help=f"The server. Its key is read from the variable {KEY}.", envvar="BAKEOFF_URL")]
DeploymentPath = Annotated[
    Path | None,
    typer.Option(
        "--deployment", help="Change this deployment's folder instead, if no server uses it.", show_default=False
    ),
]
Labels = Annotated[
    str | None,
    typer.Option(
        "--labels", "-l", metavar="A,B", help="Only keys with one of these labels see them.", show_default=False
    ),
]
Prefix = Annotated[str, typer.Option(help="Put before each source, e.g. handbook/.")]
REMAINS = (
    "in the deployment, answers in the log that quote them (serve --keep-days removes old ones), questions, accepted "
    "answers and quotes in releases/*/evidence/, known answers in releases/*/contenders/, learning rounds (a folder in "
    "rounds/ may be deleted once its round is decided), quotes in decisions/, and for a minute or two the parts of the "
    "index that were replaced; of the run, its documents, indexes, questions, answers, tables and report, and what "
    "runs/.kept holds for later runs; where documents are in PostgreSQL, the bytes in the files of its tables (until "
    "VACUUM FULL), in its write-ahead log, replicas and backups; and what tuned models have learned"
)
LIST = "bakeoff documents list"
SERVER = "http://127.0.0.1:8000"
EVERY_S = 60.0

app = typer.Typer(
    no_args_is_help=True,
    help="Add, remove and list the documents of a server; keep a folder or sources in step.",
)


@app.command()
def add(
    paths: Annotated[list[str], typer.Argument(metavar="PATH...", help="Files, folders or globs.", show_default=False)],
    labels: Labels = None,
    prefix: Prefix = "",
    url: Url = SERVER,
    deployment: DeploymentPath = None,
    as_json: Json = False,
) -> None:
    """Add files, in any format that a pilot reads, or replace those with the same source.

    If one of them cannot be read, the others are added, and the exit code is 1. Hidden files in a folder do not count.
    """
    from bakeoff.corpus.sources.folders import HIDDEN, read_documents
    from bakeoff.corpus.sources.labels import restricted
    from bakeoff.serve.documents.ends import Counts, make_changes
    from bakeoff.serve.documents.folder_sync import difference, new_beside, placed

    reading = read_documents(paths)
    with _documents(url, deployment) as documents:
        wanted, there = placed(reading.documents, prefix, _labels(labels)), list(documents.listed())
        changed = difference(wanted, there, keep_labels=labels is None).changed
        counts = Counts(n_unchanged=len(reading.documents) - len(changed))
        counts += make_changes(documents, changed, ())
    for sentence in (*restricted(wanted), *new_beside(changed, there)):
        note(sentence)
    _report(counts, reading.problems, as_json)
    if any(problem.reason != HIDDEN and not problem.is_read for problem in reading.problems):
        raise typer.Exit(1)


@app.command()
def remove(
    names: Annotated[list[str], typer.Argument(metavar="NAME...", help="Sources or ids.", show_default=False)],
    erase: Annotated[
        bool,
        typer.Option(
            "--erase",
            help="Drop all texts that are kept of them, too: citations of earlier answers show nothing any more. One "
            "that was removed before is named by its id.",
        ),
    ] = False,
    url: Url = SERVER,
    deployment: DeploymentPath = None,
    as_json: Json = False,
) -> None:
    """Remove documents. Citations of earlier answers stay readable, unless you erase them."""
    from bakeoff.serve.documents.ends import make_changes

    with _documents(url, deployment) as documents:
        if erase:
            live = {name: one.id for one in documents.listed() for name in (one.source, one.id)}
            asked = sorted(dict.fromkeys(names), key=live.__contains__)  # a name that is unknown ends it before these
            n_erased = sum(documents.erase(live.get(name, name)) for name in asked)
            print_json({"n_erased": n_erased}) if as_json else typer.echo(f"{counted(n_erased, 'text')} erased")
            note(f"Still there: {REMAINS}.")
            return
        ids = _ids_of(names, documents.listed())
        counts = make_changes(documents, (), ids)
    _report(counts, (), as_json)
    if counts.n_deleted:
        shown = shlex.join(ids[:5]) + (" ..." if len(ids) > 5 else "")
        note("Citations of earlier answers still show the texts.")
        note(f"To drop these: {_command('remove', url, deployment)} --erase {shown}")


def _command(command: str, url: str, deployment: Path | None) -> str:
    """A command about the same documents, to be copied.

    >>> _command("list", SERVER, None), _command("list", SERVER, Path("my shop"))
    ('bakeoff documents list', "bakeoff documents list --deployment 'my shop'")
    """
    if deployment is not None:
        return f"bakeoff documents {command} --deployment {shlex.quote(str(deployment))}"
    where = "" if url in (SERVER, os.environ.get("BAKEOFF_URL")) else f" --url {shlex.quote(url)}"
    return f"bakeoff documents {command}{where}"


@app.command("list")
def list_documents(
    query: Annotated[str, typer.Argument(help="Words in the title or the source.", show_default=False)] = "",
    url: Url = SERVER,
    deployment: DeploymentPath = None,
    as_json: Json = False,
) -> None:
    """List the documents that the key may see."""
    if deployment is None:
        with _documents(url, None) as documents:
            found = documents.listed(query)
    else:
        from bakeoff.serve.deployment import stored_documents
        from bakeoff.serve.documents.ends import listed_in
        from bakeoff.serve.documents.views import Views

        with stored_documents(deployment) as store:  # to read them, nothing is locked and no index is repaired
            found = listed_in(Views(store), query)
    if as_json:
        print_json([one.model_dump(mode="json") for one in found])
        return
    rows = [
        (one.source, one.title, f"{one.n_characters:,}", f"{one.updated_at:%Y-%m-%d}", ", ".join(one.labels))
        for one in found
    ]
    console().print(table(("source", "title", "characters", "updated", "labels"), rows, right=(2,)))


@app.command()
def sync(
    folder: Annotated[Path | None, typer.Argument(help="The folder.", show_default=False)] = None,
    sources: Annotated[
        Path | None,
        typer.Option(
            "--sources",
            metavar="CONFIG",
            help="In place of a folder: all that `documents:` names in this bakeoff.yaml. With --deployment and no "
            "folder, that of the deployment's own configuration.",
            show_default=False,
        ),
    ] = None,
    labels: Labels = None,
    prefix: Annotated[
        str, typer.Option(help="Compare only documents whose source begins with this; it is put before each path.")
    ] = "",
    watch: Annotated[
        bool,
        typer.Option(
            "--watch", help="Stay, and do it again whenever files change; with --sources, after --every seconds."
        ),
    ] = False,
    every: Annotated[float, typer.Option("--every", metavar="SECONDS", min=1, help="See --watch.")] = EVERY_S,
    keep: Annotated[
        bool, typer.Option("--keep-others", help="With --sources: leave documents that no source ever had.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Delete even more than half of the documents.")] = False,
    url: Url = SERVER,
    deployment: DeploymentPath = None,
    as_json: Json = False,
) -> None:
    """Make the server's documents equal those of a folder or of sources: add, replace, and delete what is not there.

    What did not change is not sent.
    """
    if folder is None or sources:
        from bakeoff.cli.document_sources import sync_named

        if folder or labels is not None or prefix:
            raise InputError(
                "--sources cannot be used with a folder, --labels or --prefix.",
                "write labels: and prefix: into the configuration",
            )
        with _documents(url, deployment) as documents:
            again = partial(sync_named, documents, sources, deployment, url, yes, keep)
            if watch:
                _follow(again, every, as_json)
            synced = again()
            _report(synced.counts, synced.problems, as_json)
        synced.check()
        return
    if keep:
        raise InputError("--keep-others needs --sources.", "use --prefix to compare only a part of the documents")
    if not folder.is_dir():
        raise InputError(f"{folder} is not a folder.", "name a folder; single files are added with: documents add")
    with _documents(url, deployment) as documents:
        if not watch:
            counts, problems = _synced(documents, folder, _labels(labels), prefix, yes)
            _report(counts, problems, as_json)
            return
        note(f"Watching {folder}. Stop with Ctrl-C.")
        for counts, problems in _watched(documents, folder, _labels(labels), prefix, yes):
            _report(counts, problems, as_json)


def _follow(sync: Callable[[], "Synced"], every_s: float, as_json: bool) -> NoReturn:
    """Syncs again and again. What changed is shown, and what fails, once, until it is another failure."""
    note(f"Syncing every {every_s:g} seconds. Stop with Ctrl-C.")
    shown: tuple[object, str] = (None, "")
    while True:
        problems, failure = shown[0], ""
        try:
            synced = sync()
            if synced.counts.is_change or synced.problems != problems:
                _report(synced.counts, synced.problems, as_json)
            problems = synced.problems
            synced.check()
        except BakeoffError as error:
            failure = str(error)
        if failure and failure != shown[1]:
            note(failure)
        shown = problems, failure
        time.sleep(every_s)


def _synced(
    documents: "Documents", folder: Path, labels: Sequence[str] | None, prefix: str, yes: bool
) -> tuple["Counts", Sequence["Problem"]]:
    """Makes the documents below the prefix equal those of the folder. Raises InputError if too many would go."""
    from bakeoff.corpus.sources.folders import read_documents
    from bakeoff.corpus.sources.labels import restricted

    reading = read_documents([folder])
    for sentence in () if labels is not None else restricted(reading.documents):
        note(sentence)
    return _sent(documents, reading, labels, prefix, yes)


def _sent(
    documents: "Documents", reading: "Reading", labels: Sequence[str] | None, prefix: str, yes: bool
) -> tuple["Counts", Sequence["Problem"]]:
    from bakeoff.corpus.sources.opened import problems_below
    from bakeoff.serve.documents.ends import Counts, make_changes
    from bakeoff.serve.documents.folder_sync import difference, placed

    there = [one for one in documents.listed() if one.source.startswith(prefix)]
    problems = problems_below(reading.problems, prefix)
    found = difference(placed(reading.documents, prefix, labels), there, problems, keep_labels=labels is None)
    if not yes:
        found.check_deleted(len(there))
    return Counts(n_unchanged=found.n_same) + make_changes(documents, found.changed, found.deleted), problems


def _watched(
    documents: "Documents", folder: Path, labels: Sequence[str] | None, prefix: str, yes: bool
) -> Iterator[tuple["Counts", Sequence["Problem"]]]:
    """Syncs whenever files have changed and settled. What fails is shown, and tried again after the next change or in
    a while.
    """
    from bakeoff.corpus.sources.folders import read_documents
    from bakeoff.corpus.sources.watch import FolderWatch

    watch, shown = FolderWatch(folder), ""
    while True:
        if watch.is_due():
            before = watch.look()
            try:
                reading = read_documents([folder])
                if watch.look() == before:  # nothing was written while it was read
                    yield _sent(documents, reading, labels, prefix, yes)
                    watch.taken(before)
                    shown = ""
            except BakeoffError as error:
                if str(error) != shown:
                    note(str(error))
                shown = str(error)
        time.sleep(POLL_S)


@contextmanager
def _documents(url: str, deployment: Path | None) -> Iterator["Documents"]:
    """The documents of the server, or of a folder. Errors within the block name the same one in their commands."""
    try:
        with _opened(url, deployment) as documents:
            yield documents
    except BakeoffError as error:
        error.remedy = error.remedy.replace(LIST, _command("list", url, deployment))
        raise


@contextmanager
def _opened(url: str, deployment: Path | None) -> Iterator["Documents"]:
    from bakeoff.serve.documents.ends import FolderDocuments, ServerDocuments

    if deployment is None:
        with ServerDocuments(url, os.environ.get(KEY, "")) as there:
            yield there
        return
    from bakeoff.models.spending.tally import tallied
    from bakeoff.pilot.spending import prices_of
    from bakeoff.serve.deployment import open_deployment
    from bakeoff.serve.documents.opening import documents_of, repair_indexes

    opened = open_deployment(deployment)
    repair_indexes(opened)
    with tallied(prices_of(opened.config.profile), opened.spending_path), documents_of(opened) as live:
        yield FolderDocuments(live)


def _labels(given: str | None) -> list[str] | None:
    return None if given is None else [label.strip() for label in given.split(",") if label.strip()]


def _ids_of(names: Sequence[str], there: Sequence["Listed"]) -> list[str]:
    """The id of each name. Raises InputError for unknown names; then nothing is removed."""
    ids = {one.source: one.id for one in there} | {one.id: one.id for one in there}
    unknown = [name for name in names if name not in ids]
    if unknown:
        raise InputError(
            f"There is no document {listed([repr(name) for name in unknown])}; nothing was removed.",
            f"see the sources with: {LIST}",
        )
    return list(dict.fromkeys(ids[name] for name in names))


def _report(counts: "Counts", problems: Sequence["Problem"], as_json: bool) -> None:
    for problem in problems[:MOST_PROBLEMS]:
        note(problem.line + (f" ({problem.remedy})" if problem.remedy else ""))
    if len(problems) > MOST_PROBLEMS:
        note(f"not read: {len(problems) - MOST_PROBLEMS} more")
    if as_json:
        print_json({**counts.model_dump(), "problems": [problem.model_dump() for problem in problems]})
        return
    typer.echo(f"{counts.changes}, {counts.n_unchanged} unchanged")
