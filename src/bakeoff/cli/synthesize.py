"""The command that makes synthetic questions from documents, and reads what a person says about them."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from bakeoff.cli.options import Json
from bakeoff.cli.output import console, note, print_json, table
from bakeoff.errors import ConfigError
from bakeoff.sentences import counted

if TYPE_CHECKING:
    from bakeoff.models.settings import ModelSettings
    from bakeoff.models.spending.ledger import Ledger
    from bakeoff.synthesis.making import ByRules, Making, Settings
    from bakeoff.synthesis.output import Begun, Folder

RULES = "rules"
FEW = 0.5
"""Below this share of passages with a draft, a model that writes is suggested."""
MORE = (
    "Rules ask about little of running text. For more, let a language model write: --model NAME, of models: in "
    "--config or a local model of some billion parameters. The checks stay the same."
)


def synthesize(
    documents: Annotated[
        list[str] | None, typer.Argument(help="Folders, files or globs of documents.", show_default=False)
    ] = None,
    output: Annotated[Path, typer.Option("--output", "-o", help="The folder to write into.")] = Path("synthetic"),
    model: Annotated[
        str,
        typer.Option("--model", "-m", help="What writes: a name in models, a local model, or 'rules' (no model)."),
    ] = RULES,
    reader: Annotated[
        str,
        typer.Option(
            help="The model that checks. By default the one that writes, else bakeoff-reader.", show_default=False
        ),
    ] = "",
    config: Annotated[
        Path | None,
        typer.Option("--config", "-c", help="A bakeoff.yaml whose models can be named.", show_default=False),
    ] = None,
    paraphrase: Annotated[
        str,
        typer.Option(
            metavar="QUESTIONS",
            help="Also other wordings of training questions: of a bakeoff.yaml, a run folder or a question file.",
            show_default=False,
        ),
    ] = "",
    questions: Annotated[
        list[Path] | None,
        typer.Option("--questions", "-q", help="Existing questions that nothing may copy.", show_default=False),
    ] = None,
    per_passage: Annotated[int, typer.Option(min=0, max=20, help="Most questions for each passage.")] = 3,
    wordings: Annotated[int, typer.Option(min=1, max=20, help="Most other wordings for each question.")] = 3,
    unanswerable: Annotated[int, typer.Option(min=0, max=10, help="Most unanswerable questions for each passage.")] = 1,
    limit: Annotated[int | None, typer.Option(min=1, help="Stop after so many questions.", show_default=False)] = None,
    seed: Annotated[int, typer.Option(help="Decides the order of passages and what is drawn.")] = 7,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on in a folder: what is done is not asked again.")
    ] = False,
    usd: Annotated[
        float | None,
        typer.Option(
            min=0.0, help="The most that paid models may cost, in US dollars, with what was spent.", show_default=False
        ),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before sending requests to an API.")] = False,
    read: Annotated[
        Path | None, typer.Option("--read", help="Read a filled-in review table back.", show_default=False)
    ] = None,
    as_json: Json = False,
) -> None:
    """Make questions from documents, each checked by a reader, for training; and for the test where you accept them.

    English only. They are synthetic: no user asked them. A run never tests one that nobody accepted.
    """
    from bakeoff.synthesis.making import Settings
    from bakeoff.synthesis.output import Folder

    folder = Folder(output)
    if read is not None:
        _check_begun(folder)
        with folder.lock():
            _read_back(folder, read, as_json)
        return
    if not documents:
        raise ConfigError("No documents were given.", "bakeoff synthesize DOCS..., or --read FILE to read a review")
    if per_passage == 0 and unanswerable == 0 and not paraphrase:
        raise ConfigError("Nothing is to be made.", "raise --per-passage or --unanswerable, or give --paraphrase")
    settings = Settings(
        per_passage=per_passage, wordings=wordings if paraphrase else 0, unanswerable=unanswerable, seed=seed
    )
    models = _models(config, model, reader)
    folder.check_new(resume)
    with folder.lock(), _counted(folder, models, usd, resume) as account:
        making, begun = _prepared(folder, documents, paraphrase, questions or [], settings, models, resume)
        _say_what_rules_make(making, models)
        _confirm(making, models, yes, limit)
        folder.begin(begun)
        account.keep_in(folder.root)
        _probe(folder, models)
        try:
            _make(folder, making, limit)
        finally:
            _say_what_was_spent(account)
    _show(folder, making, models, as_json, account)


class _Models(NamedTuple):
    """The settings of the model that writes (None: rules), of the one that reads, and of the embedder."""

    writer: "ModelSettings | None"
    reader: "ModelSettings"
    embedder: "ModelSettings"


def _models(config: Path | None, model: str, reader: str) -> _Models:
    from bakeoff.imports import search_in
    from bakeoff.llm_judge.settings import judge_model
    from bakeoff.models.reader import READER
    from bakeoff.models.settings import DEFAULTS, EMBEDDER, ApiModel
    from bakeoff.runs.config import load_judge_config

    known = {**DEFAULTS, **(load_judge_config(config).models if config else {})}
    search_in(config.resolve().parent if config else None)
    writer = None if model == RULES else judge_model(model, known, "--model")
    checks = judge_model(reader, known, "--reader") if reader else writer or judge_model(READER, known, "--reader")
    if checks is None:
        raise ConfigError("No model reads.", "name one with --reader")
    embedder = known[EMBEDDER]
    return _Models(writer, checks, DEFAULTS[EMBEDDER] if isinstance(embedder, ApiModel) else embedder)


@contextmanager
def _counted(folder: "Folder", models: _Models, usd: float | None, resume: bool) -> Iterator["Ledger"]:
    """Counts paid calls in the folder's ledger: none leaves for which `usd` has no room."""
    from bakeoff.decide.situation.profile import Profile
    from bakeoff.models.settings import ApiModel
    from bakeoff.models.spending.ledger import Ledger, counting
    from bakeoff.models.spending.prices import is_paid
    from bakeoff.models.spending.rows import Budget
    from bakeoff.models.spending.who import asking_in
    from bakeoff.pilot.spending import check_prices, prices_of

    price_of, budget = prices_of(Profile()), Budget(usd=usd) if usd else None
    servers = {model.label: model for model in (models.writer, models.reader) if isinstance(model, ApiModel)}
    paid = {name: model for name, model in servers.items() if is_paid(model)}
    if usd == 0 and paid:
        raise ConfigError("--usd 0 allows no call of a paid model.", "name a local model, or allow more with --usd")
    check_prices(budget, paid, price_of, "--usd")
    account = Ledger(price_of, budget, option="--", go_on="type the same command with --resume and a higher --usd")
    if resume:
        account.count_before(folder.root)
    with counting(account), asking_in("synthesize"):
        yield account


def _say_what_was_spent(account: "Ledger") -> None:
    from bakeoff.pilot.spending import spent_line

    spending = account.spending()
    if spending.total.calls:
        note(spent_line(spending))


def _prepared(
    folder: "Folder",
    documents: list[str],
    paraphrase: str,
    existing: list[Path],
    settings: "Settings",
    models: _Models,
    resume: bool,
) -> tuple["Making", "Begun"]:
    """What is to be made, and with what. The folder is not begun yet: nobody has agreed."""
    from bakeoff.cli.stopping import stoppable
    from bakeoff.models.load import load_generator
    from bakeoff.synthesis.checks import Checks
    from bakeoff.synthesis.making import Making
    from bakeoff.synthesis.output import Begun, documents_sum, questions_sum
    from bakeoff.synthesis.reading import read

    folder.check_new(resume)
    with stoppable("the same command with --resume", folder.work):
        found = read(documents, folder.work, paraphrase, existing, models.embedder)
        for line in found.notes:
            note(line)
        begun = Begun(
            settings=settings.model_dump(),
            documents=documents_sum(found.material.documents),
            questions=questions_sum(found.material.existing, found.material.to_reword),
            reword=paraphrase,
            writer=models.writer.label if models.writer else RULES,
            reader=models.reader.label,
        )
        done = folder.begun_with(begun, resume)
        checks = Checks(load_generator(models.reader), found.retriever, settings.k)
        writer = load_generator(models.writer) if models.writer else None
        return Making(found.material, settings, checks, writer, done), begun


def _say_what_rules_make(making: "Making", models: _Models) -> None:
    """Says before anything is asked how many passages the rules can ask about, and what to do if they are few."""
    rules = making.by_rules()
    if models.writer is None and rules.n_passages:
        note(f"The rules draft {counted(rules.n_drafts, 'question')} from {rules.n_with:,} of "
             f"{counted(rules.n_passages, 'passage')}{_why_none(rules)}.")  # fmt: skip
        if rules.n_with < FEW * rules.n_passages:
            note(MORE)


def _why_none(rules: "ByRules") -> str:
    """What the other passages have, the most frequent first; empty if every passage gave drafts."""
    reasons = sorted(rules.why_none.items(), key=lambda item: -item[1])
    return f"; the others have {', '.join(f'{reason} ({n:,})' for reason, n in reasons)}" if reasons else ""


def _confirm(making: "Making", models: _Models, yes: bool, limit: int | None) -> None:
    """Says how many requests are sent at most, and asks before they go to an API. ConfigError if nobody can answer."""
    from bakeoff.models.settings import ApiModel

    budget = making.budget()
    counts = [(budget.writer, models.writer), (budget.reader, models.reader)]
    parts = [f"{counted(n, 'request')} to {model.label}" for n, model in counts if model and n]
    early = f"; it stops once {limit:,} questions are kept" if limit else ""
    note(f"{counted(len(making.left), 'passage or question', 'passages and questions')} left: at most "
         f"{' and '.join(parts) or 'no request'}{early}.")  # fmt: skip
    paid = [model for n, model in counts if n and isinstance(model, ApiModel)]
    if not paid or yes:
        return
    if not sys.stdin.isatty():
        raise ConfigError("The requests go to an API, and nobody can be asked here.", "allow them with --yes")
    typer.confirm("Send them?", abort=True, err=True)


def _probe(folder: "Folder", models: _Models) -> None:
    """Asks each model once, which is a request already: nothing is sent before somebody has agreed."""
    from bakeoff.cli.stopping import stoppable
    from bakeoff.models.probe import probe

    with stoppable("the same command with --resume", folder.work):
        for model in dict.fromkeys((models.writer, models.reader)):
            if model is not None:
                probe(model)


def _make(folder: "Folder", making: "Making", limit: int | None) -> None:
    from bakeoff.cli.progress import Display
    from bakeoff.cli.stopping import stoppable
    from bakeoff.models.spending.ledger import settle
    from bakeoff.pilot.stage_times import Event
    from bakeoff.synthesis.written import write_files

    with stoppable("the same command with --resume", folder.work) as check, Display() as display:

        def progress(done: int, total: int) -> None:
            settle()  # what is done is on the disk when this is called
            check()
            display.show(Event(stage="synthesize", done=done, total=total, detail=f"{making.n_kept} kept"))

        try:
            for unit in making.run(limit, progress):
                folder.add(unit)
            settle(is_finished=True)
        finally:
            write_files(folder)


def _show(folder: "Folder", making: "Making", models: _Models, as_json: bool, account: "Ledger") -> None:
    from bakeoff.synthesis.output import totals
    from bakeoff.synthesis.written import write_files

    kept, dropped = totals(folder.done())
    paths, rules = write_files(folder), making.by_rules()
    if as_json:
        print_json(
            {
                "kept": kept,
                "dropped": dropped,
                "rules": rules.model_dump(),
                "failed": making.counts.failed,
                "left": len(making.left),
                "spent_usd": account.spending().total.usd,
                "files": paths,
            }
        )
        return
    out = console()
    out.print(f"{counted(sum(kept.values()), 'question')} kept, {sum(dropped.values()):,} dropped.")
    rows = [("kept", name, str(n)) for name, n in kept.most_common()]
    rows += [("dropped", name, str(n)) for name, n in dropped.most_common()]
    out.print(table(("", "made by, or why", "questions"), rows, right=(2,)))
    if models.writer is None and rules.n_passages:
        out.print(f"{rules.n_with:,} of {counted(rules.n_passages, 'passage')} gave drafts{_why_none(rules)}.")
        if rules.n_with < FEW * rules.n_passages:
            out.print(MORE)
    if making.counts.failed:
        out.print(f"{counted(len(making.counts.failed), 'unit')} failed and can be asked again with --resume.")
    out.print(f"For a run: questions: [..., {paths[0]}]. Nobody reviewed them, so they are only trained on.")
    page, sheet = folder.root / "review.html", folder.root / "review.csv"
    out.print(f"To accept some for the test, open {page} or fill in {sheet}.")


def _check_begun(folder: "Folder") -> None:
    if not folder.begun_path.exists():
        raise ConfigError(f"{folder.root} holds no synthetic questions.", "name their folder with --output")


def _read_back(folder: "Folder", path: Path, as_json: bool) -> None:
    from bakeoff.synthesis.review import read_reviews
    from bakeoff.synthesis.written import write_files

    filled = read_reviews(folder, path)
    paths = write_files(folder)
    if as_json:
        print_json({**filled._asdict(), "files": paths})
        return
    note(
        f"{filled.accepted} accepted, {filled.edited} edited and accepted, {filled.rejected} rejected, "
        f"{filled.blank} without a decision."
    )
    if filled.withdrawn:
        note(
            f"{counted(filled.withdrawn, 'earlier decision')} withdrawn, since the table has an empty decision there: "
            "these questions are only trained on again."
        )
    note(f"Written: {', '.join(map(str, paths))}")
