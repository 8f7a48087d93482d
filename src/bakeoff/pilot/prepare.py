"""Files to data: reads documents and questions, locates evidence in the documents, splits, checks for leaks.

Takes a configuration, gives a `Prepared`. Writes nothing and needs no model, so that errors in the data are reported
before any work is done.
"""

from collections import Counter
from collections.abc import Sequence
from importlib import resources
from pathlib import Path, PurePosixPath

from bakeoff.corpus.problems import problem_lines
from bakeoff.corpus.sources.folders import Problem, Reading
from bakeoff.corpus.sources.labels import restricted
from bakeoff.corpus.sources.opened import read_sources
from bakeoff.errors import ConfigError, InputError
from bakeoff.models.embed import languages_of_embedder
from bakeoff.models.prompts import check_placeholders
from bakeoff.questions import locate_evidence, monthly_volume, read_questions, read_with_notes
from bakeoff.questions.answer_lengths import AnswerLengths
from bakeoff.questions.facts.facts import with_same_places
from bakeoff.questions.facts.label_set import check_repeats
from bakeoff.questions.facts.updated import asked_again
from bakeoff.questions.naming import first_named
from bakeoff.questions.rows.columns import Mapped
from bakeoff.questions.rows.dates import MonthlyVolume
from bakeoff.questions.splits.leaks import Leak, dev_notes, leak_notes, leaks
from bakeoff.questions.splits.maybe_same import maybe_same_notes
from bakeoff.questions.splits.splits import MEASURED, assign_splits
from bakeoff.questions.splits.survey import QuestionSummary, counted_tests, label_note, summarise
from bakeoff.questions.splits.synthetic import admit, apart, check_reviewed, synthetic_cautions, with_source_facts
from bakeoff.records import Document, Question, Record, Slice, Split
from bakeoff.retrieval.coverage import Languages, coverage_warning
from bakeoff.runs.config import Config
from bakeoff.runs.data import DataSummary, DocumentSummary
from bakeoff.sentences import counted, first_few
from bakeoff.tuning.preferences.held import Judgements, read_usable
from bakeoff.writing.words import count_words

WHERE_PATHS = "check tuning.preferences (relative paths start at the folder of bakeoff.yaml)"
NO_DOCUMENTS = Reading(documents=(), problems=())
"""For a run that classifies: it needs none."""
FAR = 10
"""From this factor on, two volumes are far from each other."""
EXCUSED = (
    "note: {n} test questions resemble a training question but do not count as leaks: they ask for the same fact in "
    "other words or have other answers. The run's data.json names them."
)


class Prepared(Record):
    """All the data of one pilot. `updated_documents` are the new versions in the update, `languages` what the
    documents and questions are written in. `notes` say how the files were read, `cautions` what readers of a verdict
    must know. `judgements` are what people prefer, by the files that contenders name.
    """

    documents: tuple[Document, ...]
    problems: tuple[Problem, ...]
    questions: tuple[Question, ...]
    notes: tuple[str, ...]
    cautions: tuple[str, ...] = ()
    leaks: tuple[Leak, ...]
    data: QuestionSummary
    updated_documents: tuple[Document, ...] = ()
    languages: Languages = Languages()
    judgements: tuple[Judgements, ...] = ()

    @property
    def all_documents(self) -> tuple[Document, ...]:
        """The documents and their new versions."""
        return (*self.documents, *self.updated_documents)

    @property
    def monthly_volume(self) -> MonthlyVolume | None:
        """How many questions users ask in a month, if the questions have dates."""
        return _monthly(self.questions)

    @property
    def own_questions(self) -> list[Question]:
        """The questions of the configured files, without those of general knowledge."""
        return [question for question in self.questions if question.slice != "general"]

    def of(self, split: Split) -> list[Question]:
        """The questions of one split. Questions about the update are not part of 'train'; `changed` holds them."""
        return [
            question
            for question in self.questions
            if question.split == split and not (split == "train" and question.slice == "changed")
        ]

    def changed_training(self) -> list[Question]:
        """Phrasings about what the update changes that retraining may see."""
        return [question for question in self.questions if question.split == "train" and question.slice == "changed"]

    @property
    def answer_lengths(self) -> AnswerLengths:
        """The lengths of the known answers in train and dev."""
        return AnswerLengths.of([*self.of("train"), *self.of("dev")])

    def lines(self) -> list[str]:
        """What the data are and what they allow, one fact per line."""
        n_words = sum(count_words(document.text) for document in self.documents)
        own = self.own_questions
        texts = {question.id: question.text for question in self.questions}
        n_excused = sum(leak.excused for leak in self.leaks)
        splits = ", ".join(f"{sum(question.split == split for question in own)} {split}" for split in ("train", "dev"))
        n_facts = len({question.fact for question in own})
        asked = f"{counted(len(own), 'question')} about {counted(n_facts, 'fact')} ({splits}, {counted_tests(own)})"
        monthly, codes = self.monthly_volume, [code for code in self.languages.codes if self._is_written_in(code)]
        about = f"users ask about {monthly.asked:,} questions a month{monthly.basis}" if monthly else ""
        return [
            f"{counted(len(self.documents), 'document')}, about {counted(n_words, 'word')}; {asked}."
            if self.documents
            else f"{asked}.",
            *([f"the documents are in {self.languages.in_words(codes)}."] if set(codes) - {"en"} else []),
            *([f"by their dates and counts, {about}."] if about else []),
            *problem_lines(self.problems),
            *(f"note: {note}" for note in self.notes),
            *(f"leak: {leak.line_with(texts)}" for leak in self.leaks if not leak.excused),
            *([EXCUSED.format(n=n_excused)] if n_excused else []),
            *(f"warning: {warning}" for warning in (*self.data.warnings, *self.cautions)),
        ]

    def _is_written_in(self, code: str) -> bool:
        return code in self.languages.shares or code in self.languages.documents

    def summary(self, n_chunks: int = 0) -> DataSummary:
        """The content of data.json. n_chunks is 0 if nothing was indexed."""
        return DataSummary(
            documents=DocumentSummary(
                n=len(self.documents),
                n_words=sum(count_words(document.text) for document in self.documents),
                n_chunks=n_chunks,
                languages=self.languages.shares,
                problems=self.problems,
            ),
            questions=self.data,
            warnings=(*self.data.warnings, *self.cautions),
            notes=self.notes,
            leaks=self.leaks,
        )


def prepare(config: Config) -> Prepared:
    """Reads and checks everything the configuration names.

    Raises InputError if documents or questions are missing, malformed or contradict each other, and ConfigError for a
    prompt that does not show the question or the passages, and for preferences that do not exist.
    """
    check_placeholders(config.prompts.closed_book, config.prompts.grounded)
    _check_preferences(config)
    updates = config.updates.questions if config.updates else ()
    read, notes = _read(config.questions, config.columns, updates, config.task == "classify")  # first: it takes no time
    if config.task == "classify":
        check_repeats(read)
    reading = read_sources(config.documents, config.imports_from) if config.documents else NO_DOCUMENTS
    updated = read_sources(config.updates.documents, config.imports_from) if config.updates else None
    if not config.documents:
        read = [question.model_copy(update={"source_spans": ()}) for question in read]
    questions, made = apart(read)
    questions, more_notes = locate_evidence(questions, reading.documents, unread=reading.problems)
    questions, fact_notes = with_same_places(questions, reading.documents)
    questions = with_source_facts(questions)
    notes += [*more_notes, *fact_notes, *label_note(questions), *restricted(reading.documents)]
    if updated:
        changed, more_notes = _changed(config, questions, reading, updated)
        questions += changed
        notes += more_notes
    questions = [*questions, *_general(config)]
    _check_ids([*questions, *made])
    split = assign_splits(questions, config.seed, config.split.test, config.split.dev)
    located, _ = locate_evidence(made, reading.documents, unread=reading.problems)
    admitted = admit(located, split, reading.documents)
    split += admitted.questions
    notes += admitted.notes
    prepared = prepared_of(config, split, reading.documents, notes)
    return prepared.model_copy(
        update={
            "problems": (*reading.problems, *(updated.problems if updated else ())),
            "updated_documents": tuple(updated.documents) if updated else (),
        }
    )


def prepared_of(
    config: Config, split: Sequence[Question], documents: Sequence[Document], notes: Sequence[str]
) -> Prepared:
    """The data of a pilot from documents and questions that have their splits, checked for leaks.

    Raises InputError if there is no question to test on.
    """
    if not any(question.split == "test" and question.slice in MEASURED for question in split):
        raise InputError(
            f"Of {len(split)} questions, none is left to test on (not counting those about updates and general "
            "knowledge).",
            "give more questions, raise split.test in the configuration, or fix the column 'split'",
        )
    near_copies = leaks(split, documents=documents)
    asked = [question.text for question in split if question.slice != "general"]
    judgements = _judgements(config, split)
    languages = Languages.of([document.text for document in documents], asked)
    return Prepared(
        documents=tuple(documents),
        problems=(),
        questions=tuple(split),
        notes=(*notes, *(some.note for some in judgements)),
        judgements=judgements,
        cautions=(
            *leak_notes(near_copies, split),
            *dev_notes(split, documents),
            *maybe_same_notes(split),
            *synthetic_cautions(split),
            *_coverage(config, languages),
            *_volume(config, split),
        ),
        leaks=tuple(near_copies),
        data=summarise(split),
        languages=languages,
    )


def _check_preferences(config: Config) -> None:
    """Raises ConfigError if a file of preferences, or the tuned model they start from, does not exist.

    What such a file holds is checked later: if that cannot be used, only the contenders that name it are left out.
    """
    for spec in config.specs:
        settings = spec.tuning.preferences
        for file in settings.files if settings else ():
            if not Path(file).is_file():
                raise ConfigError(f"The contender '{spec.name}': there is no file of preferences {file}.", WHERE_PATHS)
        start = settings.start_from if settings else None
        if start and not Path(start).is_dir():
            raise ConfigError(
                f"The contender '{spec.name}': there is no folder {start}, which its preferences start from.",
                WHERE_PATHS,
            )


def _judgements(config: Config, questions: Sequence[Question]) -> tuple[Judgements, ...]:
    """What people prefer, for each distinct set of files that contenders name. A bad file has a problem, no error."""
    named = [spec.tuning.preferences.files for spec in config.specs if spec.tuning.preferences]
    return tuple(read_usable(files, questions) for files in dict.fromkeys(named))


def _coverage(config: Config, languages: Languages) -> list[str]:
    """For each embedder, what to know if it was not made for a language of the documents or questions."""
    embedders = [config.models[name] for name in dict.fromkeys(spec.retrieval.embedder for spec in config.specs)]
    warnings = (coverage_warning(model.label, languages_of_embedder(model), languages) for model in embedders)
    return [warning for warning in warnings if warning]


def _monthly(questions: Sequence[Question]) -> MonthlyVolume | None:
    return monthly_volume([of for of in questions if of.slice != "general" and of.synthetic is None])


def _volume(config: Config, questions: Sequence[Question]) -> list[str]:
    """What to know if the volume that the profile gives is far from what the dates of the questions say."""
    said, found = config.profile.queries_per_month, _monthly(questions)
    if "queries_per_month" not in config.profile.model_fields_set or not found or not found.is_known:
        return []
    if max(said, found.asked) <= FAR * min(said, found.asked):
        return []
    return [
        f"The profile says {said:,.0f} questions a month (queries_per_month), the dates and counts of the question "
        f"files about {found.asked:,}: costs and verdict go by the profile, so correct it if it is not meant."
    ]


def _read(
    names: Sequence[str], columns: Mapped, other_names: Sequence[str], are_labels: bool = False
) -> tuple[list[Question], list[str]]:
    return read_with_notes([Path(name) for name in names], columns, [Path(name) for name in other_names], are_labels)


def _changed(
    config: Config, before: Sequence[Question], reading: Reading, updated: Reading
) -> tuple[list[Question], list[str]]:
    """The questions about the update, located in its documents or in those it leaves unchanged, and all notes."""
    questions, notes = _read(config.updates.questions if config.updates else (), config.columns, config.questions)
    check_reviewed(questions, "updates.questions")
    unread = [*updated.problems, *reading.problems]
    located, more_notes = locate_evidence(questions, updated.documents, reading.documents, unread)
    located, fact_notes = with_same_places(located, [*reading.documents, *updated.documents])
    changed, still_more_notes = asked_again(before, located)
    return changed, [
        *notes,
        *more_notes,
        *fact_notes,
        *still_more_notes,
        *_update_notes(reading.documents, updated.documents),
    ]


def _update_notes(documents: Sequence[Document], updated: Sequence[Document]) -> list[str]:
    """Documents of the update that replace none. If no document replaces one, also those with equal file names."""
    known = {document.source for document in documents}
    new = [document.source for document in updated if document.source not in known]
    if not new:
        return []
    if len(new) < len(updated):
        return [f"These documents of the update replace no document and are added to the others: {first_few(new)}."]
    note = f"No document of the update replaces an existing one. They are added to the others: {first_few(new)}."
    names = {PurePosixPath(source).name: source for source in known}
    meant = [f"{path} as {names[name]}" for path in new if (name := PurePosixPath(path).name) in names]
    if not meant:
        return [note]
    return [
        f"{note} If they are new versions, the old ones stay in the index. Give each new version the same path below "
        f"the update's folder as the old one has below the documents folder: {first_few(meant)}."
    ]


def _sliced(questions: Sequence[Question], name: Slice) -> list[Question]:
    return [question.model_copy(update={"slice": name}) for question in questions]


def _general(config: Config) -> list[Question]:
    """The general-knowledge questions: the built-in ones, or those of the configured file."""
    if config.general is None:
        return []
    if config.general != "builtin":
        questions = read_questions([Path(config.general)])
        check_reviewed(questions, "general")
        return _sliced(questions, "general")
    with resources.as_file(resources.files("bakeoff") / "general.csv") as path:
        return _sliced(read_questions([path]), "general")


def _check_ids(questions: Sequence[Question]) -> None:
    counts, texts = Counter(question.id for question in questions), {q.id: q.text for q in questions}
    twice = sorted(question_id for question_id, n in counts.items() if n > 1)
    if twice:
        raise InputError(
            f"Some question ids occur in more than one file: {first_named(twice, texts)}.",
            "give every question a unique id (general questions use g01, g02, ...)",
        )
