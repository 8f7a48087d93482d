"""Tests a model with one question before a run, so that an unreachable server is found at once.

Takes a model's settings, returns nothing if the model works. Loads no weights.
"""

from pathlib import Path

from bakeoff.errors import ModelUnavailableError
from bakeoff.imports import imported
from bakeoff.models.load import SCRIPTED, THE_GENERATOR, as_settings, behind_a_server, is_import_path
from bakeoff.models.settings import ApiModel, LocalModel
from bakeoff.models.weights import resolve_model
from bakeoff.records import GenerationSettings, Message, Prompt

PROMPT = Prompt(messages=(Message(role="user", content="Say: yes"),))
ONE_ANSWER = GenerationSettings(max_new_tokens=16)  # some servers of reasoning models refuse fewer


def probe(settings: LocalModel | ApiModel | str, embeds: bool = False) -> None:
    """Asks a server for a few tokens, or with `embeds` for one embedding. For a local model it finds the weights.

    A server is asked at most twice, whatever `retries` says. Raises ConfigError (a missing key variable, settings that
    cannot be combined) or ModelUnavailableError (unreachable, 401, an unknown model, no API at that address). Both name
    the model and what to do.
    """
    settings = as_settings(settings)
    if isinstance(settings, ApiModel):
        _probe_server(settings, embeds)
    elif embeds:
        _probe_embedder(settings)
    else:
        _probe_generator(settings)


def _probe_server(settings: ApiModel, embeds: bool) -> None:
    patient = settings.model_copy(update={"retries": min(settings.retries, 1)})
    try:
        if embeds:
            from bakeoff.models.embed import load_embedder

            load_embedder(patient).embed_queries(["yes"])
        else:
            behind_a_server(patient).complete(PROMPT, ONE_ANSWER)
    except ModelUnavailableError as error:
        message = f"The model {settings.label} does not answer: {error.message}"
        raise ModelUnavailableError(message, error.remedy) from None


def _probe_generator(settings: LocalModel) -> None:
    if settings.name == SCRIPTED:
        return
    if is_import_path(settings.name):
        imported(settings.name, None, THE_GENERATOR)
        return
    resolve_model(settings.name)
    _require_adapter(settings.adapter)


def _probe_embedder(settings: LocalModel) -> None:
    from bakeoff.models.embed import check_embedder

    check_embedder(settings)


def _require_adapter(adapter: str | None) -> None:
    if adapter is None:
        return
    folder = Path(adapter).expanduser()
    missing = [name for name in ("adapter_config.json", "adapter_model.safetensors") if not (folder / name).is_file()]
    if missing:
        raise ModelUnavailableError(
            f"{folder} holds no {' and no '.join(missing)}.", "name a folder that a PEFT adapter was saved to"
        )
