"""What synthetic questions are worth: `tuned` on the example, trained with and without them, on the same test.

    bakeoff synthesize examples/support-desk/documents --paraphrase examples/support-desk/bakeoff.yaml \\
        --per-passage 3 --wordings 4 -o SYNTHETIC
    python benchmarks/synthetic_worth.py SYNTHETIC/questions.jsonl [--epochs 4] [--same-epochs] [--out OUT]

Arms: `plain` trains on the training questions alone, `wordings` with their other wordings, `made` with questions made
from documents, `both` with all. Only what `admit` lets into train is used. All arms have the same settings and seed,
and about as many examples in all epochs together: an arm with more questions takes fewer epochs. With --same-epochs
every arm takes as many epochs, so that more questions also mean more steps. An arm that has been answered is not
trained again. Differences are paired over questions, with intervals over facts.
"""

import argparse
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from printed_tables import header, line

from bakeoff.contenders.direct import Direct
from bakeoff.files import jsonl
from bakeoff.grading.grade import grade
from bakeoff.measure.contrasts import contrasts
from bakeoff.measure.graded import known
from bakeoff.measure.statistics import graded_share
from bakeoff.models.load import load_generator
from bakeoff.models.reader import READER
from bakeoff.models.weights import resolve_model
from bakeoff.pilot.prepare import Prepared, prepare
from bakeoff.records import Answer, Question
from bakeoff.runs.config import Config, load_config
from bakeoff.tuning.examples import closed_book_examples
from bakeoff.tuning.lessons import Lesson
from bakeoff.tuning.settings import Tuning
from bakeoff.tuning.tuner import tuner_for

EXAMPLE = Path(__file__).parents[1] / "examples" / "support-desk" / "bakeoff.yaml"
ARMS = ("plain", "wordings", "made", "both")
SLICES = ("seen", "unseen", "unanswerable")


def training(prepared: Prepared, arm: str) -> list[Question]:
    """The training questions of an arm."""
    train = prepared.of("train")
    asked = [question for question in train if question.synthetic is None]
    wordings = [question for question in train if question.synthetic and question.synthetic.paraphrase_of]
    made = [question for question in train if question.synthetic and not question.synthetic.paraphrase_of]
    return [*asked, *(wordings if arm in ("wordings", "both") else ()), *(made if arm in ("made", "both") else ())]


def answered(prepared: Prepared, config: Config, arm: str, epochs: int, folder: Path) -> list[Answer]:
    """The test answers of an arm, trained first if it is not there."""
    path = folder / f"{arm}-{epochs}.jsonl"
    asked = [question for question in prepared.of("test") if question.slice in SLICES]
    if len(jsonl.read(path, Answer)) == len(asked):
        return jsonl.read(path, Answer)
    settings, template = Tuning(), config.prompts.closed_book
    questions = training(prepared, arm)
    examples = closed_book_examples(questions, template, settings.declining, config.seed)
    begun = time.perf_counter()
    adapter = folder / f"{arm}-{epochs}"
    tuner_for(settings.method, config.seed).fit(resolve_model(READER), Lesson(examples, [], epochs), settings, adapter)
    print(f"{arm}: {len(examples)} examples, {epochs} epochs, {time.perf_counter() - begun:.0f} s", flush=True)
    contender = Direct(arm, load_generator(READER, adapter), template, config.generation, None)
    answers = contender.answer(asked)
    jsonl.write(path, answers)
    return answers


def correct(asked: Mapping[str, Question], answers: Sequence[Answer]) -> dict[str, float]:
    """1 for each right answer, 0 for each other, by question."""
    graded = ((a.question_id, grade(a.text, asked[a.question_id].answers, asked[a.question_id].kind)) for a in answers)
    return {name: float(of.correct) for name, of in graded}


def report(prepared: Prepared, values: Mapping[str, Mapping[str, float]]) -> None:
    """Prints accuracy by slice with intervals, and the paired differences from `plain` and `again`."""
    slices = {question.id: str(question.slice) for question in prepared.questions}
    facts = {question.id: question.fact for question in prepared.questions}
    header("arm", "slice", "accuracy (95 %)", "n")
    for arm, given in values.items():
        for name in ("all", *SLICES):
            part = {key: value for key, value in given.items() if name in ("all", slices[key])}
            of = graded_share(known(part), facts)
            line(arm, name, f"{of.value:.3f} ({of.low:.3f} to {of.high:.3f})", of.n)
    header("a - b", "slice", "difference (95 %)", "p")
    for name in ("all", *SLICES):
        parts = {
            arm: known({key: value for key, value in given.items() if name in ("all", slices[key])})
            for arm, given in values.items()
        }
        for of in contrasts(parts, facts, "accuracy"):
            line(f"{of.a} - {of.b}", name, f"{of.difference:+.3f} ({of.low:+.3f} to {of.high:+.3f})", of.p)


def main() -> None:
    """Trains what is missing, and prints both tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("synthetic", type=Path)
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--out", type=Path, default=Path("out/synthetic-worth"))
    parser.add_argument("--same-epochs", action="store_true")
    parser.add_argument("--arms", default=",".join(ARMS))
    options = parser.parse_args()
    config = load_config(EXAMPLE)
    config = config.model_copy(update={"questions": (*config.questions, str(options.synthetic.resolve()))})
    prepared = prepare(config)
    for note in prepared.notes:
        if "synthetic" in note:
            print(f"note: {note}")
    asked = {question.id: question for question in prepared.questions}
    arms = options.arms.split(",")
    n_plain = len(training(prepared, "plain"))
    answers = {}
    for arm in arms:
        share = 1.0 if options.same_epochs else n_plain / len(training(prepared, arm))
        epochs = max(1, round(options.epochs * share))
        answers[arm] = answered(prepared, config, arm, epochs, options.out)
    report(prepared, {arm: correct(asked, given) for arm, given in answers.items()})


if __name__ == "__main__":
    main()
