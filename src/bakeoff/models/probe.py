"""Tests a model with one question before a run, so that an unreachable server is found at once.

Takes a model's settings, returns nothing if the model works. Of a local model it loads no weights but those of an
adapter; it reads its settings, its tokenizer and what its weights hold.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bakeoff.errors import ModelUnavailableError
from bakeoff.imports import imported
from bakeoff.models.adapter_check import check_adapter
from bakeoff.models.chat import Chat
from bakeoff.models.damage import check_weights
from bakeoff.models.engines.openai_dialect import negotiation_with
from bakeoff.models.load import SCRIPTED, THE_GENERATOR, as_settings, behind_a_server, is_import_path, require_packages
from bakeoff.models.settings import ApiModel, LocalModel
from bakeoff.models.weights import resolve_model
from bakeoff.records import GenerationSettings, Message, Prompt

PROMPT = Prompt(messages=(Message(role="user", content="Say: yes"),))
ONE_ANSWER = GenerationSettings(max_new_tokens=16)  # some servers of reasoning models refuse fewer


def probe(settings: LocalModel | ApiModel | str, embeds: bool = False, reranks: bool = False) -> None:
    """Asks a server for a few tokens, with `embeds` for one embedding, with `reranks` for one score. Of a local model
    it checks the files.

    A server is asked at most twice, whatever `retries` says. Raises ConfigError (a missing key variable, settings that
    cannot be combined) or ModelUnavailableError (unreachable, 401, an unknown model, no API at that address; damaged
    files, an adapter of another model). Both name the model and what to do.
    """
    settings = as_settings(settings)
    if isinstance(settings, ApiModel):
        _probe_server(settings, embeds, reranks)
    elif reranks:
        _probe_reranker(settings)
    elif embeds:
        _probe_embedder(settings)
    else:
        _probe_generator(settings)


def _probe_server(settings: ApiModel, embeds: bool, reranks: bool) -> None:
    patient = _patient(settings)
    with _named(settings.label):
        if embeds:
            from bakeoff.models.embed import load_embedder

            load_embedder(patient).embed_queries(["yes"])
        elif reranks:
            from bakeoff.models.rerank import reranker_for

            reranker_for(patient).scores([("yes?", "yes")])
        else:
            from bakeoff.models.providers.served import check_context

            behind_a_server(patient).complete(PROMPT, ONE_ANSWER)
            negotiation_with(settings).context = check_context(patient)


def negotiated_with(settings: ApiModel) -> list[str]:
    """What is known of a model's server since it was probed: the parameters it refuses, the context it names."""
    from bakeoff.models.engines.negotiated import context_note, note_about

    known = negotiation_with(settings)
    lines = (note_about(settings, sorted(known.dialect.refused)), context_note(settings, known.context))
    return [line for line in lines if line]


def _patient(settings: ApiModel) -> ApiModel:
    """The settings with at most one retry."""
    return settings.model_copy(update={"retries": min(settings.retries, 1)})


@contextmanager
def _named(label: str) -> Iterator[None]:
    """An error in this block names the model."""
    try:
        yield
    except ModelUnavailableError as error:
        message = f"The model {label} does not answer: {error.message}"
        raise ModelUnavailableError(message, error.remedy) from None


def _probe_generator(settings: LocalModel) -> None:
    if settings.name == SCRIPTED:
        return
    if is_import_path(settings.name):
        imported(settings.name, None, THE_GENERATOR)
        return
    require_packages(settings)
    folder = resolve_model(settings.name)
    check_weights(folder)
    Chat(folder)
    if settings.adapter is not None:
        check_adapter(folder, Path(settings.adapter).expanduser())
    if settings.answered_by is not None:
        _probe_vllm(settings, settings.answered_by, folder)
    if settings.engine == "vllm":
        from bakeoff.models.engines.vllm_process import command_of

        command_of(settings.vllm_options)


def _probe_vllm(settings: LocalModel, server: ApiModel, folder: Path) -> None:
    """Asks the server that writes the model's answers."""
    from bakeoff.models.engines.vllm import VllmGenerator
    from bakeoff.models.providers.served import check_context

    with _named(f"{settings.label} at {server.host}"):
        VllmGenerator(_patient(server), folder, settings.name).complete(PROMPT, ONE_ANSWER)
        check_context(server)


def _probe_embedder(settings: LocalModel) -> None:
    from bakeoff.models.embed import check_embedder

    check_embedder(settings)


def _probe_reranker(settings: LocalModel) -> None:
    from bakeoff.models.rerank import PairTokenizer, check_reranker

    PairTokenizer(check_reranker(settings))
