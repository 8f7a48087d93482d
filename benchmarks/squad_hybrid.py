"""What tuning on retrieved passages does for answering from retrieved passages: SQuAD, tested on other articles.

    BAKEOFF_DATA=... python benchmarks/squad_hybrid.py --folder /tmp/squad-hybrid

Trains on questions of 12 articles for one epoch, each with three passages: the right one among BM25's best wrong ones,
in random order. A tenth of the examples has only wrong passages and is to be declined. Asks questions of the other 4
articles with BM25's best three passages of all articles, and with the best one, untuned and tuned. If killed, it
continues where it stopped.
"""

import argparse
import random
import re
import string
import sys
from pathlib import Path

from squad_passages import N_PASSAGES, Asked, Finder, hybrid_examples, read_squad

from bakeoff.models.load import load_generator
from bakeoff.models.prompts import DECLINE, GROUNDED
from bakeoff.models.weights import resolve_model
from bakeoff.protocols import Generator
from bakeoff.records import GenerationSettings
from bakeoff.tuning.lora import Progress, TrainingReport, TrainingSettings, train_adapter

MODEL = "HuggingFaceTB/SmolLM2-135M-Instruct"
N_TEST_ARTICLES, SEED = 4, 0
MAX_TOKENS = 24
SETTINGS = GenerationSettings(max_new_tokens=MAX_TOKENS)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, required=True, help="folder for the adapter")
    parser.add_argument("--examples", type=int, default=1000)
    parser.add_argument("--questions", type=int, default=160)
    parser.add_argument("--without", type=float, default=0.1, help="share of examples without the right passage")
    chosen = parser.parse_args()
    squad = read_squad()
    draw = random.Random(SEED)
    articles = draw.sample(squad.articles, len(squad.articles))
    held_out = set(articles[:N_TEST_ARTICLES])
    train = draw.sample([question for question in squad.asked if question.article not in held_out], chosen.examples)
    test = draw.sample([question for question in squad.asked if question.article in held_out], chosen.questions)
    finder = Finder(squad.passages)
    examples = hybrid_examples(train, finder, chosen.without, SEED)
    settings = TrainingSettings(max_epochs=1)
    report = train_adapter(resolve_model(MODEL), examples, [], settings, chosen.folder, on_progress=show)
    print_table(report, test, finder, chosen.folder)


def show(at: Progress) -> None:
    if at.step % 10 == 0:
        print(f"step {at.step}/{at.n_steps}, loss {at.loss:.3f}, {at.tokens_per_s:.0f} tokens/s, {at.eta_s:.0f} s left",
              file=sys.stderr, flush=True)  # fmt: skip


def print_table(report: TrainingReport, test: list[Asked], finder: Finder, adapter: Path) -> None:
    """Prints the training, then exact match, containment and declining for each model and number of passages."""
    print(f"{report.n_examples} examples, {report.n_tokens} tokens, {report.seconds:.0f} s, "
          f"{report.tokens_per_s:.0f} tokens/s, peak {report.peak_memory_bytes / 2**30:.1f} GiB")  # fmt: skip
    passages_of = finder.find([question.question for question in test], N_PASSAGES)
    for k in (1, N_PASSAGES):
        held = sum(
            question.passage in passages[:k] for question, passages in zip(test, passages_of, strict=True)
        ) / len(test)
        print(f"Success@{k} {held:.3f}")
    print("| model | passages | exact match | contains | declined |\n|---|---|---|---|---|")
    for name, folder in (("untuned", None), ("tuned", adapter)):
        generator = load_generator(MODEL, folder)
        for k in (1, N_PASSAGES):
            exact, contains, declined = scores(generator, test, [passages[:k] for passages in passages_of])
            print(f"| {name} | {k} | {exact:.3f} | {contains:.3f} | {declined:.3f} |", flush=True)


def scores(generator: Generator, test: list[Asked], shown: list[list[str]]) -> tuple[float, float, float]:
    """Shares of the questions: answered exactly, with an answer in the text, declined."""
    prompts = [GROUNDED.render(question.question, passages) for question, passages in zip(test, shown, strict=True)]
    texts = [normal(completion.text) for completion in generator.generate(prompts, SETTINGS)]
    exact = contains = 0
    for question, text in zip(test, texts, strict=True):
        accepted = [normal(answer) for answer in question.answers]
        exact += text in accepted
        contains += any(f" {answer} " in f" {text} " for answer in accepted)
    declined = sum(text.startswith(normal(DECLINE)) for text in texts)
    return exact / len(test), contains / len(test), declined / len(test)


def normal(text: str) -> str:
    """Lower case, no punctuation, no articles. Source: the official SQuAD evaluation script."""
    bare = "".join(character for character in text.lower() if character not in string.punctuation)
    return " ".join(re.sub(r"\b(a|an|the)\b", " ", bare).split())


if __name__ == "__main__":
    main()
