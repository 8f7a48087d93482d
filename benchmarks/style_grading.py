"""Whether grading accepts answers in a house style: real answers of a finished run, graded bare and in the style.

    python benchmarks/style_grading.py runs/support-desk

Takes every test answer of the run that was not declined, puts it into each of some styles by rule, grades both by the
rules of grading, and counts the grades that change. No model takes part.
"""

import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from bakeoff.grading.grade import grade
from bakeoff.runs.folder import RunFolder

STYLES: dict[str, Callable[[str], str]] = {
    "Answer: … Norrvik support is happy to help.": lambda text: f"Answer: {text}. Norrvik support is happy to help.",
    "Thank you for your question. …": lambda text: f"Thank you for your question. {text}.",
    "… [1]": lambda text: f"{text} [1]",
    "- …": lambda text: f"- {text}",
    "**…**": lambda text: f"**{text}**",
    '{"answer": "…"}': lambda text: f'{{"answer": "{text}"}}',
    "… Call us on 0800 123 456.": lambda text: f"{text}. Call us on 0800 123 456.",
}


def main(root: Path) -> None:
    folder = RunFolder(root)
    asked = {question.id: question for question in folder.questions() if question.split == "test"}
    names = folder.comparison().names
    answers = [(asked[a.question_id], a.text.strip().rstrip(".")) for name in names for a in folder.answers(name)
               if not a.abstained and not a.error and a.text.strip() and asked[a.question_id].answerable]  # fmt: skip
    bare = [grade(text, question.answers, question.kind).verdict for question, text in answers]
    print(f"{len(answers)} answers of {', '.join(names)}: {dict(Counter(bare))}")
    print("| style | same grade | right to unsure | right to wrong | wrong to right | other changes |")
    print("|---|---|---|---|---|---|")
    for name, put in STYLES.items():
        new = [grade(put(text), question.answers, question.kind).verdict for question, text in answers]
        changes = Counter(pair for pair in zip(bare, new, strict=True) if pair[0] != pair[1])
        shown = [changes.pop(pair, 0) for pair in (("right", "unsure"), ("right", "wrong"), ("wrong", "right"))]
        other = sum(changes.values())
        same = len(answers) - sum(shown) - other
        counts = " | ".join(map(str, shown))
        print(f"| {name} | {same} ({100 * same / len(answers):.1f} %) | {counts} | {other} |", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
