"""Who may see a text, by what its file says: `access`, or `labels`, as the API and the commands call it.

Takes what a parser found, gives the same with its labels. What is not understood is an error: no text becomes public by
mistake. Opens no file.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath

from bakeoff.formats.parse import MARKDOWN
from bakeoff.formats.part import Part, UnclearAccessError
from bakeoff.formats.restricting import name_of
from bakeoff.formats.values import LABELS_ARE, NAMES, access_of
from bakeoff.records import Document
from bakeoff.sentences import listed

_NAME = "labels"
_BROKEN = re.compile(r"[\[\]{}]")
_NO_NAME = re.compile(r"[-+.,\d\s]+|true|false|yes|no|on|off|null|none|~", re.IGNORECASE)
_MOST_NAMED = 5


def with_labels(part: Part, file: str) -> Part:
    """The part with the labels that its file gives it, without the entry of its metadata that gives them.

    Raises UnclearAccessError if `access` and `labels` differ, or if one of them is no list of names.
    """
    meta, given = dict(part.meta), [part.access] if part.access else []
    for name in [name for name in meta if name_of(name) == _NAME]:
        given.append(access_of(meta.pop(name), LABELS_ARE))
    given = [labels for labels in given if labels]
    if any(set(labels) != set(given[0]) for labels in given):
        shown = " and ".join(", ".join(labels) for labels in given)
        raise UnclearAccessError(
            f"its access and its labels differ ({shown})", "write one of them, or the same in both"
        )
    labels = given[0] if given else ()
    _check_names(labels, is_markdown(file) or is_markdown(part.key))
    return part.model_copy(update={"access": labels, "meta": meta})


def is_markdown(file: str) -> bool:
    return PurePosixPath(file).suffix.lower() in MARKDOWN


def restricted(documents: Sequence[Document]) -> Iterator[str]:
    """A sentence about the documents that have labels, if some have."""
    labelled = [document for document in documents if document.access]
    if labelled:
        counts = Counter(label for document in labelled for label in document.access).most_common()
        more = [f"{len(counts) - _MOST_NAMED} more"] if len(counts) > _MOST_NAMED else []
        named = listed([*(f"{label} ({n})" for label, n in counts[:_MOST_NAMED]), *more])
        yield (
            f"{len(labelled)} of {len(documents)} documents are restricted by labels ({named}): only keys with one of "
            "their labels see them (docs/access.md)."
        )


def _check_names(labels: Sequence[str], is_untyped: bool) -> None:
    """Raises UnclearAccessError for a name that is half a list. Where everything is a text, as in front matter, also
    for a number or a truth value.
    """
    for label in labels:
        if _BROKEN.search(label) or (is_untyped and _NO_NAME.fullmatch(label)):
            raise UnclearAccessError(f"its access has {label!r:.80}, which is no name", NAMES)
