"""What questions are made from: documents, their passages and an index, and the questions that may be reworded.

Takes paths, gives `Material` and a retriever. Only training questions of a run are reworded; dev and test questions
are known as existing, so that nothing copies them. English only: rules and checks know no other language.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from bakeoff.corpus.chunk import chunk_document
from bakeoff.corpus.problems import problem_lines
from bakeoff.corpus.sources.folders import Reading
from bakeoff.corpus.sources.labels import restricted
from bakeoff.corpus.sources.named import is_config, read_named
from bakeoff.corpus.stores import open_store
from bakeoff.errors import InputError
from bakeoff.models.settings import DEFAULTS, EMBEDDER, ModelSettings
from bakeoff.pilot.prepare import prepare
from bakeoff.protocols import Retriever
from bakeoff.questions import locate_evidence, read_questions
from bakeoff.questions.evidence.evidence import evidence_hit, is_document_level
from bakeoff.records import Chunk, Document, Question
from bakeoff.runs.config import load_config
from bakeoff.runs.folder import RunFolder
from bakeoff.sentences import counted, first_few
from bakeoff.synthesis.drafts import holds
from bakeoff.synthesis.making import Material, check_passages
from bakeoff.writing.language import name_of, questions_by_language, shares_of_languages

CHUNK_TOKENS = 128
LEAST_ENGLISH = 0.5
"""The share of a document's letters that must be in English."""
MOST_PASSAGES = 2
"""Passages of one question that are shown to the reader together."""
OF_RESTRICTED = (
    "Questions made from them say what they say, in files that everybody who may read this folder can read: to leave "
    "them out, name the other documents."
)
"""What is said where some documents have labels."""


class Read(NamedTuple):
    """The material, the index over all passages, and what readers must know about what was left out."""

    material: Material
    retriever: Retriever
    notes: list[str]


def read(
    sources: Sequence[str],
    folder: Path,
    reword: str = "",
    existing: Sequence[Path] = (),
    embedder: ModelSettings = DEFAULTS[EMBEDDER],
) -> Read:
    """Everything that questions are made from. The document store and the index are kept in `folder`.

    `reword` is a question file, a bakeoff.yaml or a run folder. `existing` are question files that nothing may copy.
    Raises InputError if there are no documents, none in English, or none with text.
    """
    from bakeoff.models.embed import load_embedder
    from bakeoff.retrieval.opening import open_index

    reading = read_named(sources)
    documents, notes = _english(reading.documents)
    notes = [*problem_lines(reading.problems), *notes]
    notes += [f"{line} {OF_RESTRICTED}" for line in restricted(documents)]
    model: Any = load_embedder(embedder)
    passages = [chunk for document in documents for chunk in chunk_document(document, CHUNK_TOKENS, model.count_tokens)]
    check_passages(passages)
    asked, to_reword, more_notes = _questions(reword, reading) if reword else ([], [], [])
    known = [*asked, *(read_questions(existing) if existing else [])]
    known = list({question.id: question for question in known}.values())
    located, _ = locate_evidence(known, documents, reading.documents, reading.problems)
    folder.mkdir(parents=True, exist_ok=True)
    with open_store(folder) as store:
        store.replace_all(documents)
        index = open_index(folder, "synthesis", model, CHUNK_TOKENS)
        index.sync(store)
    by_id = {question.id: question for question in located}
    to_reword = [by_id[question.id] for question in to_reword]
    evidence = {question.id: _evidence(question, passages) for question in to_reword}
    return Read(Material(documents, passages, located, to_reword, evidence), index, [*notes, *more_notes])


def _english(documents: Sequence[Document]) -> tuple[list[Document], list[str]]:
    """The documents that are in English (or too short to tell), and a note on the others."""
    others: dict[str, str] = {}
    for document in documents:
        shares = shares_of_languages([document.text])
        if shares and shares.get("en", 0.0) < LEAST_ENGLISH:
            others[document.source] = name_of(next(iter(shares)))
    kept = [document for document in documents if document.source not in others]
    if not kept:
        languages = ", ".join(sorted({*others.values()}))
        raise InputError(
            f"No document is in English ({languages}).",
            "bakeoff synthesize makes English questions only: give English documents, or write questions by hand",
        )
    if not others:
        return kept, []
    shown = first_few([f"{source} ({language})" for source, language in others.items()])
    return kept, [f"{counted(len(others), 'document')} left out, not in English: {shown}."]


def _questions(reword: str, reading: Reading) -> tuple[list[Question], list[Question], list[str]]:
    """(all questions that are known, those to reword, notes)."""
    path = Path(reword)
    is_located = path.is_dir() or path.suffix.lower() in (".yaml", ".yml")
    if path.is_dir():
        asked, where = RunFolder(path).questions(), path.name
    elif is_config(path):
        asked, where = list(prepare(load_config(path)).questions), path.name
    else:
        asked, where = read_questions([path]), path.name
    own = [question for question in asked if question.slice != "general"]
    has_splits = any(question.split for question in own)
    usable = [question for question in own if _may_be_reworded(question, has_splits)]
    foreign = {question.id for question in usable if questions_by_language([question.text])}
    to_reword = [question for question in usable if question.id not in foreign]
    if not to_reword:
        raise InputError(
            f"Of {counted(len(own), 'question')} in {where}, none can be reworded.",
            "only training questions with an answer, in English and not synthetic, are reworded",
        )
    notes = [f"{counted(len(to_reword), 'question')} of {where} to reword, of {len(own)}."]
    if not has_splits:
        notes.append(
            "The file has no splits: a run leaves out the wordings of questions that it draws for dev or test. To make "
            "none for these, give the bakeoff.yaml or the run folder instead of the file."
        )
    if is_located:
        own = [_without_unknown(question, {document.source for document in reading.documents}) for question in own]
    return own, to_reword, notes


def _without_unknown(question: Question, sources: set[str]) -> Question:
    """The question without the places in documents that are not here, such as those of an update."""
    known = tuple(span for span in question.source_spans if span.source in sources)
    return question.model_copy(update={"source_spans": known})


def _may_be_reworded(question: Question, has_splits: bool) -> bool:
    is_trained = question.split == "train" if has_splits else True
    return is_trained and question.answerable and question.synthetic is None and question.slice != "changed"


def _evidence(question: Question, passages: Sequence[Chunk]) -> tuple[Chunk, ...]:
    """The passages with the evidence of a question, at most two; without a place, those with an accepted answer."""
    sources = {span.source for span in question.source_spans}
    near = [passage for passage in passages if passage.source in sources or not sources]
    if is_document_level(question) or not sources:
        found = [passage for passage in near if any(holds(passage, answer) for answer in question.answers)]
    else:
        found = [passage for passage in near if evidence_hit(question, [passage])]
    return tuple(found[:MOST_PASSAGES])
