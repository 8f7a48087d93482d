"""The laws: what each says, where it comes from, and the comparisons that decide about it.

The arms that a comparison names are those of `trained` and `finished`. Every comparison is a sum that is above 0 if
the law holds.
"""

from typing import NamedTuple

from .rule import Comparison


class Law(NamedTuple):
    """A law of the literature. All its comparisons must come out for it to count as reproduced."""

    says: str
    source: str
    comparisons: tuple[Comparison, ...]


def _more(says: str, higher: str, lower: str, decides: bool = True) -> Comparison:
    return Comparison(says, {higher: 1.0, lower: -1.0}, decides)


LAWS = {
    1: Law(
        "Paraphrases make closed-book tuning learn",
        "Ovadia et al. 2023, arXiv 2312.05934; Allen-Zhu and Li 2023, arXiv 2309.14316",
        (
            _more("five wordings against one, asked in a sixth", "5 wordings", "1 wordings"),
            _more(
                "the same, asked in the wording that both trained",
                "5 wordings, as trained",
                "1 wordings, as trained",
                False,
            ),
        ),
    ),
    2: Law(
        "Retrieval beats tuning on facts, and tuning with retrieval beats both",
        "Ovadia et al. 2023, arXiv 2312.05934; Soudani et al. 2024, arXiv 2403.01432",
        (
            _more("retrieval against tuned", "rag", "tuned"),
            _more("tuned with retrieval against tuned", "hybrid", "tuned"),
            _more("tuned with retrieval against retrieval", "hybrid", "rag"),
        ),
    ),
    3: Law(
        "Training among distractors helps to read among distractors",
        "Zhang et al. 2024 (RAFT), arXiv 2403.10131",
        (
            _more("trained with distractors against without", "distractors", "alone"),
            _more("trained without distractors against untaught", "alone", "untaught", False),
        ),
    ),
    4: Law(
        "Full tuning forgets more than LoRA",
        "Biderman et al. 2024, arXiv 2405.09673",
        (
            _more("known facts after LoRA against after full tuning", "lora", "full"),
            _more("facts learned: LoRA against full tuning", "lora, learned", "full, learned", False),
            _more("known facts: untaught against after LoRA", "untaught", "lora", False),
            _more("known facts: untaught against after full tuning", "untaught", "full", False),
        ),
    ),
    5: Law(
        "Tuning on new facts raises hallucination",
        "Gekhman et al. 2024, arXiv 2405.05904",
        (
            _more("wrong answers to known questions: tuned on new facts against on known ones", "new", "known"),
            _more("the same for opposites of words", "new, opposites", "known, opposites", False),
            _more("wrong answers: tuned on new facts against untaught", "new", "untaught", False),
        ),
    ),
    6: Law(
        "What is seen often is answered without retrieval; retrieval does not depend on it",
        "Mallen et al. 2022, arXiv 2212.10511",
        (
            _more("closed-book: trained 16 times against once", "closed 16", "closed 1"),
            Comparison(
                "that growth against the growth with retrieval",
                {"closed 16": 1.0, "closed 1": -1.0, "retrieval 16": -1.0, "retrieval 1": 1.0},
            ),
            _more("trained once: retrieval against closed-book", "retrieval 1", "closed 1"),
            _more("trained 4 times: retrieval against closed-book", "retrieval 4", "closed 4", False),
            _more("trained 16 times: retrieval against closed-book", "retrieval 16", "closed 16", False),
        ),
    ),
    7: Law(
        "Retrieval tuned in the domain beats untuned retrieval",
        "Soudani et al. 2024, arXiv 2403.01432",
        (
            _more("evidence in the first passage, tuned against untuned", "tuned @1", "untuned @1"),
            _more("evidence in the first three passages", "tuned @3", "untuned @3", False),
            _more("answers right, where some were asked", "tuned, answers", "untuned, answers", False),
        ),
    ),
}
