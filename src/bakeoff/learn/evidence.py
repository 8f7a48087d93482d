"""The evidence of a round of the gate: what both contenders answered and how it was graded, kept beside the log.

Takes a round and what was tested, writes one file into the deployment, which no pruning removes. Where the log of the
server keeps no texts, neither does the evidence. Decides nothing.

    deployments/<name>/decisions/round-N.jsonl    one line for each contender and question
"""

import hashlib
from collections.abc import Sequence
from pathlib import Path

from bakeoff.files import jsonl
from bakeoff.learn.accounts.account import FOLDER, OWNER_ONLY, keeps_texts
from bakeoff.learn.gate.tested import CANDIDATE, LIVE, Contestant, Tested
from bakeoff.learn.rounds import Round
from bakeoff.measure.graded import Graded
from bakeoff.records import Answer, Question, Record
from bakeoff.serve.log_entries import Decision


class GradedAnswer(Record):
    """How one answer was graded. `right` is .5 if it can be called neither right nor wrong, None if it was not graded.

    `who` is `live` or `candidate`. `question` and `text` are None where no texts are kept.
    """

    who: str
    question_id: str
    fact: str
    slice: str
    right: float | None
    declined: bool
    question: str | None = None
    text: str | None = None


def write_evidence(root: Path, here: Round, candidate: str, both: Tested) -> Path:
    """Writes the file of this round, readable for its owner only, and gives its path."""
    path = root / FOLDER / f"{here.folder.root.name}.jsonl"
    with_texts = keeps_texts(root)
    lines: list[GradedAnswer] = []
    for who, name, of in ((LIVE, here.begun.live, both.live), (CANDIDATE, candidate, both.candidate)):
        texts = {answer.question_id: answer for answer in here.folder.answers(name)} if with_texts else {}
        lines += _graded(who, of, of.correct, both.questions, texts)
        lines += _graded(who, of, of.general, both.general, texts)
    jsonl.write(path, lines)
    path.chmod(OWNER_ONLY)
    return path


def state_of_evidence(root: Path, decision: Decision) -> str:
    """What became of a decision's evidence: "kept", "gone" or "changed"; empty if it has none."""
    if not decision.evidence:
        return ""
    path = root / decision.evidence
    if not path.is_file():
        return "gone"
    return "kept" if hashlib.sha256(path.read_bytes()).hexdigest() == decision.evidence_sha256 else "changed"


def _graded(
    who: str, of: Contestant, grades: Graded, questions: Sequence[Question], texts: dict[str, Answer]
) -> list[GradedAnswer]:
    return [
        GradedAnswer(
            who=who,
            question_id=question.id,
            fact=question.fact,
            slice=str(question.slice),
            right=grades.values.get(question.id),
            declined=bool(of.abstained.values.get(question.id)),
            question=question.text if question.id in texts else None,
            text=texts[question.id].text if question.id in texts else None,
        )
        for question in questions
    ]
