"""Makes the documents of a server equal those of the sources of a configuration, reading only what changed.

Takes the documents of a server or a deployment, open sources and their states. The documents are changed first and the
cursors are written after them, so a sync that was killed is simply done again: it changes nothing twice and embeds
nothing twice. Knows no kind of source.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from bakeoff.corpus.sources.folders import READING, nothing_readable
from bakeoff.corpus.sources.opened import OpenSource, taken
from bakeoff.corpus.sources.unread import is_unread, kept, unread_names
from bakeoff.corpus.store import content_hash
from bakeoff.errors import BakeoffError, CursorError, InputError
from bakeoff.protocols import Changes
from bakeoff.records import Document, Problem
from bakeoff.sentences import counted
from bakeoff.serve.documents.ends import Counts, Documents, make_changes
from bakeoff.serve.documents.folder_sync import DELETED_SHARE, check_deleted, in_place_of
from bakeoff.serve.documents.received import as_held
from bakeoff.serve.documents.source_states import SourceState, SourceStates
from bakeoff.serve.documents.views import Listed

WRONG = "check documents: in the configuration, or say --yes"
SUSPECT = "check the source and its settings; if they are right, say --yes"


class Failure(NamedTuple):
    """A source that could not be read, or lost too much. Its documents stay as they were."""

    where: str
    error: BakeoffError


class Synced(NamedTuple):
    """What a sync did."""

    counts: Counts
    problems: tuple[Problem, ...]
    failures: tuple[Failure, ...]

    def check(self) -> None:
        """Raises BakeoffError if a source could not be read, or lost too much."""
        if len(self.failures) == 1:
            where, error = self.failures[0]
            raise BakeoffError(f"{where} was not synced; its documents stay. {error.message}", error.remedy)
        if self.failures:
            named = "; ".join(f"{where}: {error.message}" for where, error in self.failures)
            raise BakeoffError(
                f"{counted(len(self.failures), 'source')} were not synced; their documents stay. {named}",
                self.failures[0].error.remedy,
            )


class _Given(NamedTuple):
    """What one source has now: `names` of all its documents, and those of them that are new, changed or read again.

    `perhaps` are names that may be its own: it gave none of them, but could not be read in full.
    """

    names: frozenset[str]
    documents: Mapping[str, Document]
    cursor: str = ""
    problems: tuple[Problem, ...] = ()
    perhaps: frozenset[str] = frozenset()


def sync_sources(
    documents: Documents, sources: Sequence[OpenSource], states: SourceStates, yes: bool = False, keep: bool = False
) -> Synced:
    """Adds, replaces and deletes until the documents are those of the sources.

    Documents that no source has are deleted too; with `keep`, only if a source had them. Nothing is deleted that merely
    could not be read. Unless `yes` is set, a source that lost more than half of its documents, or is new and has none,
    counts as one that could not be read. Raises InputError, before anything is changed, if more than half of all
    documents would be deleted and `yes` is not set; and what `Documents` raise.
    """
    listed = {one.source: one for one in documents.listed()}
    before = states.read()
    given, failures = _all_given(sources, before, listed)
    suspects = {} if yes else _suspects(sources, before, given, listed)
    given = {key: one for key, one in given.items() if key not in suspects}
    after, sent, problems = _claimed(sources, before, given, listed)
    has_new_failed = any(source.key not in given and source.key not in before for source in sources)
    named = {source.key for source in sources}
    # perhaps a source of old whose settings changed: what it had stays
    after |= {key: one for key, one in before.items() if key not in named and (has_new_failed or key in suspects)}
    claimed = {name for state in after.values() for name in state.documents}
    known = {name for state in before.values() for name in state.documents}
    is_only_known = keep or has_new_failed
    gone = [one for one in listed.values() if one.source not in claimed and (one.source in known or not is_only_known)]
    changed = [one for one in sent if one.source not in listed or content_hash(one) != listed[one.source].sha256]
    used = {document.id for document in changed}
    deleted = [one.id for one in gone if one.id not in used]
    if not yes:
        check_deleted(len(deleted), len(listed), "the sources", WRONG)
    counts = Counts(n_unchanged=len(claimed & listed.keys()) - sum(one.source in listed for one in changed))
    counts += make_changes(documents, changed, deleted)
    states.write(after, before)
    return Synced(counts, problems, (*failures, *suspects.values()))


def _all_given(
    sources: Sequence[OpenSource], before: Mapping[str, SourceState], listed: Mapping[str, Listed]
) -> tuple[dict[str, _Given], tuple[Failure, ...]]:
    """What each source gives, by its key, without those that cannot be read."""
    given: dict[str, _Given] = {}
    failures: list[Failure] = []
    named = {source.key: before[source.key].documents for source in sources if source.key in before}
    for source in sources:
        try:
            others = {name for key, documents in named.items() if key != source.key for name in documents}
            given[source.key] = _given(source, before.get(source.key), listed, others)
        except BakeoffError as error:
            failures.append(Failure(source.where, error))
    read = {name for one in given.values() for name in one.names - one.perhaps}
    return {key: one._replace(names=one.names - (one.perhaps & read)) for key, one in given.items()}, tuple(failures)


def _suspects(
    sources: Sequence[OpenSource],
    before: Mapping[str, SourceState],
    given: Mapping[str, _Given],
    listed: Mapping[str, Listed],
) -> dict[str, Failure]:
    """By their keys, the sources that lost more than half of their documents, and new ones that have none.

    One that is no longer named may be there with other settings. It is not asked about while a new one fails: then its
    documents stay anyway.
    """
    new = [source for source in sources if source.key not in before]
    suspects = {
        one.key: Failure(one.where, nothing_readable([one.where], given[one.key].problems, SUSPECT))
        for one in new
        if one.key in given and not given[one.key].names
    }
    named = {source.key for source in sources}
    failed = named - given.keys()
    claimed = {name for one in given.values() for name in one.names}
    claimed |= {name for key in failed & before.keys() for name in before[key].documents}
    asked = named if suspects or failed - before.keys() else before.keys()
    for key, state in before.items():
        if key not in asked:
            continue
        had = [name for name in state.documents if name in listed]
        n_lost = sum(name not in claimed for name in had)
        if n_lost > DELETED_SHARE * len(had):
            reason = f"{n_lost:,} of {counted(len(had), 'document')} would be deleted."
            suspects[key] = Failure(state.where, InputError(reason, SUSPECT))
    return suspects


def _given(
    source: OpenSource, state: SourceState | None, listed: Mapping[str, Listed], others: Collection[str]
) -> _Given:
    """The changes since the state, or everything if there is no state that fits what is listed.

    `others` are the documents of other sources that are named now: settings that change make a source a new one.
    """
    own = [name for name in (state.documents if state else listed) if name in listed and name not in others]
    if state and state.cursor and state.fits(listed):
        try:
            changes = source.changes_since(state.cursor)
        except CursorError:  # of an older version
            return _everything(source.changes_since(""), own, state)
        names = (set(state.documents) - set(changes.deleted)) | {one.source for one in changes.documents}
        return _Given(frozenset(names), _by_source(changes), changes.cursor, changes.problems)
    return _everything(source.changes_since(""), own, state)


def _everything(changes: Changes, own: Sequence[str], state: SourceState | None) -> _Given:
    """All that a source has. What it could not read now of its own stays, and is asked for again the next time."""
    read = _by_source(changes)
    unread = frozenset(kept((name for name in own if name not in read), changes.problems))
    by_name = unread_names(changes.problems) - {""} if state else ()
    perhaps = frozenset(name for name in unread if not is_unread(name, by_name))
    return _Given(unread.union(read), read, "" if unread else changes.cursor, changes.problems, perhaps)


def _by_source(changes: Changes) -> dict[str, Document]:
    return {document.source: document for document in changes.documents}


def _claimed(
    sources: Sequence[OpenSource],
    before: Mapping[str, SourceState],
    given: Mapping[str, _Given],
    listed: Mapping[str, Listed],
) -> tuple[dict[str, SourceState], list[Document], tuple[Problem, ...]]:
    """The states afterwards, the documents that count, and the problems.

    Of two sources with a document of the same name, the first one has it; the other is read in full the next time,
    since the name may be free then. A source that could not be read keeps what it had.
    """
    after: dict[str, SourceState] = {}
    sent: list[Document] = []
    problems: list[Problem] = []
    owners: dict[str, str] = {}
    for source in sources:
        one, state = given.get(source.key), before.get(source.key)
        if one is None:
            if state:
                after[source.key] = state
                owners |= {name: source.key for name in state.documents if name not in owners}
            continue
        problems += one.problems
        hashes = {}
        lost = [name for name in sorted(one.names) if owners.setdefault(name, source.key) != source.key]
        unread = unread_names(one.problems) - {""}
        problems += [
            taken(name, source.where) for name in lost if name not in one.perhaps and not is_unread(name, unread)
        ]
        for name in sorted(one.names.difference(lost)):
            document = one.documents.get(name)
            if document is None:
                hashes[name] = listed[name].sha256
                continue
            text, title = as_held(document.text, document.title)  # as a server does, so that the hashes are the same
            if not text.strip():
                problems.append(Problem(source=name, reason="it has no text", is_read=True))
                continue
            document = document.model_copy(update={"text": text, "title": title})
            document = in_place_of(listed[name], document) if name in listed else document
            hashes[name] = content_hash(document)
            sent.append(document)
        cursor = "" if lost else one.cursor
        after[source.key] = SourceState(where=source.where, reading=READING, cursor=cursor, documents=hashes)
    return after, sent, tuple(problems)
