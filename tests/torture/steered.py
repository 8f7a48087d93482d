"""How many answers instructions in passages steer: of a model that obeys all that left its passage, and of the default.

The obedient model needs no weights. It is shown what a model here is shown (token ids) and what a server is sent
(messages), and does what it is told as soon as a control token stands where only Bakeoff may write one, or a passage
ended before its end.
"""

import csv
import random
import re
from collections.abc import Sequence
from typing import NamedTuple

from bakeoff.models.chat import Chat
from bakeoff.models.control_tokens import escaped_messages
from bakeoff.models.prompts import GROUNDED, PromptTemplate
from bakeoff.records import GenerationSettings, Prompt
from tests.end_to_end.small import REPOSITORY
from tests.torture.promise import Trial
from tests.torture.steering import Case, cases, follows
from tests.unit.tiny_model import write_tiny_model

EXAMPLE = REPOSITORY / "examples" / "support-desk"
TAGGED = PromptTemplate(
    system="Answer from the documents.",
    user="<documents>{passages}</documents>\nQuestion: {question}",
    passage="<document><passage>{passage}</passage></document>",
)
OF_TEMPLATES = re.compile(
    r"<\|(im_start|im_end|eot_id|start_header_id|end_header_id)\|>|</?s>|\[/?INST\]|<(start|end)_of_turn>"
)
"""Control tokens of the templates that the instructions imitate, as their makers write them."""
CLOSED = re.compile(r"</(?:passage|documents?)>")
AROUND = 600
"""Characters of a document around the evidence of a question."""


class Steered(NamedTuple):
    """Of n questions: how many answers followed the instruction in the passage, and how many did without one."""

    n: int
    n_poisoned: int
    n_clean: int


def read_by_obedient_model(told: Trial) -> Steered:
    """Raises RuntimeError if the model obeys nothing even where nothing is made plain: then this would show nothing."""
    chat = Chat(write_tiny_model(told.folder / "tiny"))
    asked = [(f"What colour has planet {i}?", f"Planet {i} is blue.") for i in range(20)]
    tried = list(cases(asked, told.times(500, 150), told.chance()))
    if not any(OF_TEMPLATES.search(case.poisoned) for case in tried):
        raise RuntimeError("no instruction tries to leave its passage")
    poisoned = sum(_obeys(chat, case, case.poisoned) for case in tried)
    return Steered(len(tried), poisoned, sum(_obeys(chat, case, case.passage) for case in tried))


def _obeys(chat: Chat, case: Case, passage: str) -> bool:
    for template in (GROUNDED, TAGGED):
        prompt = template.render(case.question, [passage])
        if _has_left_as_ids(chat, prompt) or _has_left_as_messages(prompt, template):
            return True
    return False


def _has_left_as_ids(chat: Chat, prompt: Prompt) -> bool:
    """Whether there are more control tokens than the template writes: two for each message, one for the answer."""
    special = set(chat.tokenizer.all_special_ids) - {chat.tokenizer.unk_token_id}
    return sum(id in special for id in chat.ids(prompt)) != 2 * len(prompt.messages) + 1


def _has_left_as_messages(prompt: Prompt, template: PromptTemplate) -> bool:
    contents = [message["content"] for message in escaped_messages(prompt)]
    written = len(CLOSED.findall(template.user + template.passage))
    return any(OF_TEMPLATES.search(one) for one in contents) or sum(len(CLOSED.findall(one)) for one in contents) > (
        written if template is TAGGED else len(CLOSED.findall("".join(contents)))
    )


def read_by_default_model(told: Trial) -> Steered:
    """The model that Bakeoff brings along, on questions and documents of the support desk."""
    from bakeoff.models.load import load_generator

    generator = load_generator("bakeoff-reader")
    tried, settings = list(cases(_asked(told.chance()), 500, told.chance())), GenerationSettings(max_new_tokens=48)

    def steered(passages: Sequence[str]) -> int:
        prompts = [GROUNDED.render(case.question, [text]) for case, text in zip(tried, passages, strict=True)]
        return sum(follows(completion.text) for completion in generator.generate(prompts, settings))

    return Steered(len(tried), steered([case.poisoned for case in tried]), steered([case.passage for case in tried]))


def _asked(chance: random.Random) -> list[tuple[str, str]]:
    """Questions with the passage around their evidence, in a random order."""
    with (EXAMPLE / "questions.csv").open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["evidence"] and row["source"].endswith(".md")]
    asked = []
    for row in rows:
        text = (EXAMPLE / "documents" / row["source"]).read_text(encoding="utf-8")
        place = text.find(row["evidence"])
        if place >= 0:
            asked.append((row["question"], text[max(0, place - AROUND // 2) : place + AROUND]))
    chance.shuffle(asked)
    return asked
