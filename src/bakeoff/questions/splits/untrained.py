"""Warns of labels and kinds of documents that are tested but have no training example.

Takes questions with their splits, gives warnings. Knows only the paths of documents.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePosixPath

from bakeoff.questions.facts.labels import examples_by_label, is_own
from bakeoff.records import Question
from bakeoff.sentences import first_few

KIND_DOCUMENTS = 2  # a single document is not a kind of documents


def untrained_labels(questions: Sequence[Question], labels: Mapping[str, str]) -> list[str]:
    """A warning with the labels that no training question has, and the number of other questions of each."""
    missing = [
        f"{examples[0].answers[0]} ({len(examples)})"
        for examples in examples_by_label(questions, labels).values()
        if not any(question.split == "train" for question in examples)
    ]
    if not missing:
        return []
    return [
        f"Labels without a training example (with the number of questions in dev and test): {first_few(missing)}. "
        "A tuned contender cannot learn them. Add questions with these labels, or change the column 'split'."
    ]


def untrained_kinds(questions: Sequence[Question]) -> list[str]:
    """A warning with the kinds of documents that are asked about in the test, but never in training.

    A kind is a file extension or a top-level folder with `KIND_DOCUMENTS` or more documents that are asked about.
    There is no warning if there are no training questions at all, because another warning covers that.
    """
    own = [question for question in questions if question.answerable and is_own(question)]
    documents, splits = defaultdict(set), defaultdict(list)
    for question in own:
        for source in {span.source for span in question.source_spans}:
            for kind in _kinds(source):
                documents[kind].add(source)
                splits[kind].append(question.split)
    missing = [
        f"{kind} ({splits[kind].count('test')} test questions)"
        for kind in sorted(documents)
        if len(documents[kind]) >= KIND_DOCUMENTS and "test" in splits[kind] and "train" not in splits[kind]
    ]
    if not missing or not any(question.split == "train" for question in own):
        return []
    return [
        f"Documents that are asked about in the test but not in training: {first_few(missing)}. "
        "The test cannot show what tuning does for them. Add questions about them."
    ]


def _kinds(source: str) -> Iterator[str]:
    path = PurePosixPath(source.split("#")[0])
    if path.suffix:
        yield f"{path.suffix.lower()} files"
    if len(path.parts) > 1 and "://" not in source:
        yield f"{path.parts[0]}/"
