"""What all engines behind a server share: merged settings, estimated token counts, errors as completions.

Takes settings and prompts. Sends nothing.
"""

from bakeoff.errors import error_line
from bakeoff.models.providers.client import ApiError
from bakeoff.models.settings import ApiModel
from bakeoff.records import Completion, GenerationSettings, Prompt, Usage
from bakeoff.writing.scripts import HAS_NO_BLANKS

CHARACTERS_PER_TOKEN = 4


def asked_of(model: ApiModel, settings: GenerationSettings) -> GenerationSettings:
    """The settings of one call: if the call sets no temperature or seed, those of the model are used."""
    kept = {name: getattr(model, name) for name in ("temperature", "seed") if getattr(settings, name) is None}
    return settings.model_copy(update=kept)


def estimated_tokens(text: str) -> int:
    """One token for every four characters, rounded up, and one for each Chinese, Japanese, Korean or Thai letter.

    Source: https://help.openai.com/en/articles/4936856-what-are-tokens-and-how-to-count-them

    >>> estimated_tokens("nine char")
    3
    """
    n_unspaced = len(HAS_NO_BLANKS.findall(text))
    return n_unspaced - (n_unspaced - len(text)) // CHARACTERS_PER_TOKEN


def estimated_prompt_tokens(prompt: Prompt) -> int:
    """The same for all messages of a prompt."""
    return sum(estimated_tokens(message.content) for message in prompt.messages)


def failed(error: ApiError, seconds: float) -> Completion:
    """The completion of a failed request: its error with the remedy, and the seconds it took."""
    return Completion(text="", usage=Usage(seconds=seconds), error=error_line(error))
