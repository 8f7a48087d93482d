"""How long answers are to be in one run: the wording of the prompts and the most tokens, from the known answers.

Takes a configuration and the lengths of the known answers, gives the configuration with both decided, and one line that
says so. Knows no model. docs/presentation.md explains the rules.
"""

from bakeoff.questions.answer_lengths import AnswerLengths
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
