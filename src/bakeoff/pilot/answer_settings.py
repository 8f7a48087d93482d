"""How long answers are to be in one run: the wording of the prompts and the most tokens, from the known answers.

Takes a configuration and the lengths of the known answers, gives the configuration with both decided, and one line that
says so. Knows no model. docs/presentation.md explains the rules.
"""

from collections.abc import Iterable

from bakeoff.models.reader import READER
from bakeoff.models.settings import GENERATOR, LocalModel
from bakeoff.questions.answer_lengths import MANY_LONG, PHRASE_WORDS, AnswerLengths, answer_length
from bakeoff.records import Question
from bakeoff.runs.config import Config
from bakeoff.sentences import percent

FEW = 0.05
"""Up to this share of known answers that are longer than the limit is not remarked on."""


def settled(config: Config, lengths: AnswerLengths) -> Config:
    """The configuration with the wording and the limit that it leaves to the known answers."""
    return config.settled(lengths.length, lengths.max_new_tokens)


def answers_line(config: Config, lengths: AnswerLengths) -> str:
    """What a settled configuration asks for, and whether that cuts known answers off."""
    most = config.generation.max_new_tokens
    line = f"Answers: {lengths.line}: {config.answers} prompt, at most {most} tokens."
    over = lengths.share_over(most)
    if over <= FEW:
        return line
    return f"{line} {percent(over)} of them are longer than that: raise generation.max_new_tokens."


def sentences_warning(config: Config, questions: Iterable[Question]) -> list[str]:
    """A warning if many accepted answers are sentences and the default model, which is weak at those, answers."""
    generator = config.models[GENERATOR]
    lengths = [length for question in questions if (length := answer_length(question))]
    n_long = lengths.count("long")
    is_reader = isinstance(generator, LocalModel) and generator.name == READER
    if not is_reader or not n_long or n_long < MANY_LONG * len(lengths):
        return []
    return [
        f"warning: {n_long} of {len(lengths)} answers are sentences (more than {PHRASE_WORDS} words); the default "
        "model is weak at those: see docs/reader.md, or name a larger model"
    ]
