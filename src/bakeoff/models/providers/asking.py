"""What every engine behind a server needs: the settings that hold, an estimate of tokens, an error as a completion.

Takes settings and prompts. Sends nothing.
"""

from bakeoff.models.providers.client import ApiError
from bakeoff.models.settings import ApiModel
from bakeoff.records import Completion, GenerationSettings, Prompt, Usage

CHARACTERS_PER_TOKEN = 4


def asked_of(model: ApiModel, settings: GenerationSettings) -> GenerationSettings:
    """The settings of one call: temperature and seed that the call does not set are those of the model."""
    kept = {name: getattr(model, name) for name in ("temperature", "seed") if getattr(settings, name) is None}
    return settings.model_copy(update=kept)


def estimated_tokens(text: str) -> int:
    """A token for every four characters, rounded up.

    Source: https://help.openai.com/en/articles/4936856-what-are-tokens-and-how-to-count-them
    """
    return -(-len(text) // CHARACTERS_PER_TOKEN)


def estimated_prompt_tokens(prompt: Prompt) -> int:
    """The same for all messages of a prompt."""
    return sum(estimated_tokens(message.content) for message in prompt.messages)


def failed(error: ApiError, seconds: float) -> Completion:
    """The completion of a request that was refused: its error with the remedy, and the seconds it took."""
    return Completion(text="", usage=Usage(seconds=seconds), error=f"{error.message} ({error.remedy})")
