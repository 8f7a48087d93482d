"""Does an earlier answer help a follow-up, or does the search find it again? Follow-ups made from the example's facts.

For each fact of a product another one of the same document is asked first, and answered by `extract` (with word hashes
for an embedder); then "And the battery life?" follows. Prints how often the second answer is right, and how often it is
the first one again, with the earlier question alone and with its answer.

Run: python benchmarks/follow_ups.py
"""

import random
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from bakeoff.contenders.extractor import Extractor
from bakeoff.corpus.sources.folders import read_documents
from bakeoff.corpus.sqlite_store import SqliteStore
from bakeoff.grading.grade import grade
from bakeoff.models.embed import HashEmbedder
from bakeoff.questions.read import read_questions
from bakeoff.records import Answer, Question
from bakeoff.retrieval.hybrid import HybridIndex
from bakeoff.serve.conversation import Conversation, Turn, by_rule

EXAMPLE = Path(__file__).parents[1] / "examples" / "support-desk"


def pairs(questions: Sequence[Question], seed: int = 1) -> list[tuple[Question, Question, str]]:
    """(an earlier question, one to another fact of the product, the follow-up that asks for that fact)."""
    chosen = random.Random(seed)
    by_product: dict[str, dict[str, list[Question]]] = defaultdict(lambda: defaultdict(list))
    for question in questions:
        product, dash, topic = question.fact.partition("-")
        if dash and question.answers:
            by_product[product][topic].append(question)
    found = []
    for topics in by_product.values():
        for topic, phrasings in topics.items():
            others = sorted(set(topics) - {topic})
            for other in chosen.sample(others, min(2, len(others))):
                follow_up = f"And the {topic.replace('-', ' ')}?"
                found.append((chosen.choice(topics[other]), phrasings[0], follow_up))
    return found


def main() -> None:
    questions = read_questions([EXAMPLE / "questions.csv"])
    asked = pairs(questions)
    with tempfile.TemporaryDirectory() as folder, SqliteStore(Path(folder) / "store.sqlite") as store:
        store.replace_all(read_documents((str(EXAMPLE / "documents"),)).documents)
        embedder = HashEmbedder()
        index = HybridIndex.open(Path(folder) / "index", embedder)
        index.sync(store)
        extract = Extractor("extract", index, embedder, 3)
        first = extract.answer([earlier for earlier, _, _ in asked])
        for name in ("the earlier question", "the earlier question and its answer"):
            texts = [_completed(one, answer, name.endswith("answer")) for one, answer in zip(asked, first, strict=True)]
            second = extract.answer([Question(id=str(i), text=text, fact=str(i)) for i, text in enumerate(texts)])
            n_right = sum(
                grade(answer.text, wanted.answers).verdict == "right"
                for answer, (_, wanted, _) in zip(second, asked, strict=True)
            )
            n_again = sum(answer.text == before.text for answer, before in zip(second, first, strict=True))
            print(f"{name}: {n_right} of {len(asked)} right, {n_again} times the earlier answer again")


def _completed(asked: tuple[Question, Question, str], answer: Answer, with_answer: bool) -> str:
    earlier, _, follow_up = asked
    turns = (Turn(role="user", text=earlier.text), Turn(role="user", text=follow_up))
    completed = by_rule(Conversation(turns=turns))
    return f"{completed.removesuffix(follow_up)}{answer.text} {follow_up}" if with_answer else completed


if __name__ == "__main__":
    main()
