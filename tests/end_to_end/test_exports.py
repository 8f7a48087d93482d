"""What docs/exports.md says to type works; the default model is exported with both of its adapters."""

import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bakeoff.cli.main import app
from bakeoff.serve.log import Log
from bakeoff.serve.log_entries import LoggedAnswer, Preference, Thumb
from tests.end_to_end.small import REPOSITORY, make
from tests.unit.test_export_models import CONVERTER, FEW, logits
from tests.unit.tiny_model import arithmetic, write_tiny_model

PAGE = (REPOSITORY / "docs" / "exports.md").read_text(encoding="utf-8")
MADE = {"mlflow.db", "chats.jsonl", "pairs.jsonl", "support-adapter", "support-model", "support.gguf", "support-base"}
MADE |= {"ragas.jsonl", "promptfooconfig.yaml", "support-beir"}


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


def _serve_a_little(path: Path) -> None:
    """Two answers of one question, of which a person prefers the second, and one with a thumb up."""
    with Log(path) as log:
        for name, text in (("a", "two years"), ("b", "24 months")):
            log.append(LoggedAnswer(id=name, question="How long?", text=text, contender="base"))
        log.append(Preference(answers=("a", "b"), preferred="b", blind=True))
        log.append(Thumb(answer="b", up=True))


def test_what_the_page_says_to_type_works(tmp_path, monkeypatch):
    """Every command in order, on a run and a deployment of the name they use, then the Python block."""
    for module in ("peft", "mlflow", "sqlalchemy", "alembic"):
        pytest.importorskip(module)
    from bakeoff.pilot.run import run
    from bakeoff.serve.deployment import deploy

    models = {"generator": {"name": str(write_tiny_model(tmp_path / "tiny")), "engine": "transformers"}}
    more = {"contenders": ["base", "tuned"], "generation": {"max_new_tokens": 1}, "tuning": FEW}
    config = make(tmp_path, name="support-desk", models={**models, "embedder": "hash"}, **more)
    monkeypatch.chdir(tmp_path)
    finished = run(config)
    _serve_a_little(deploy(finished, tmp_path / "deployments" / "support-desk").log_path)
    (tmp_path / "llama.cpp").mkdir()
    (tmp_path / "llama.cpp" / "convert_hf_to_gguf.py").write_text(CONVERTER)
    lines = [line for block in blocks("sh") for line in block.splitlines()]
    assert len(lines) == len(MADE)
    for line in lines:
        result = CliRunner().invoke(app, shlex.split(line)[1:], catch_exceptions=False)
        assert result.exit_code == 0 and Path(result.stdout.strip()).exists(), line
    assert {path.name for path in tmp_path.iterdir()} >= MADE and not list(tmp_path.glob("*.part"))
    names: dict[str, object] = {}
    (block,) = blocks("python")
    exec(compile(block, "exports.md", "exec"), names)
    from transformers import AutoModelForCausalLM

    merged = AutoModelForCausalLM.from_pretrained("support-model")
    assert (logits(names["model"]) - logits(merged)).abs().max() < 1e-4


@pytest.mark.models
def test_the_default_model_is_exported_with_both_of_its_adapters(tmp_path):
    """The reader's below the tuned one: as PEFT computes it from the model without either."""
    import torch
    from peft import AutoPeftModelForCausalLM, PeftModel
    from transformers import AutoModelForCausalLM

    from bakeoff.contenders.built import Built
    from bakeoff.contenders.identities import Identities
    from bakeoff.contenders.load import make_recipe
    from bakeoff.contenders.world import WorldFolder
    from bakeoff.exports.adapter import export_adapter
    from bakeoff.exports.merged import export_merged
    from bakeoff.exports.origin import Origin
    from bakeoff.models.engines.transformers import load_model
    from bakeoff.models.reader import ADAPTER, READER, UNTAUGHT
    from bakeoff.models.weights import resolve_model
    from bakeoff.runs.config import validate
    from bakeoff.tuning.lora import TrainingSettings, train_adapter

    config = validate({"name": "x", "documents": ["d"], "questions": ["q.csv"], "contenders": ["base", "tuned"]})
    world = WorldFolder(tmp_path / "run", config.models)
    for spec in config.specs:
        world.save(Built(spec=spec, entrant=make_recipe(spec).entrant(config.models)))
    tuned = world.adapter_folder(make_recipe(config.specs[1]).adapter)
    train_adapter(resolve_model(READER), arithmetic(4), [], TrainingSettings(max_epochs=2, warmup_steps=0), tuned)
    origin = Origin("run", world, ("base", "tuned"), "tuned", Identities())

    export_merged(origin, tmp_path / "model")
    _, note = export_adapter(origin, tmp_path / "adapter")
    assert "Only this machine has it" in note
    merged = logits(AutoModelForCausalLM.from_pretrained(tmp_path / "model", dtype=torch.float32))
    measured = logits(load_model(resolve_model(READER), tuned, torch.float32))
    assert (merged - measured).abs().max() < 1e-4
    reader = logits(load_model(resolve_model(READER), None, torch.float32))
    assert (merged - reader).abs().max() > 0.1
    opened = AutoPeftModelForCausalLM.from_pretrained(tmp_path / "adapter", dtype=torch.float32)
    assert _difference(logits(opened), measured) < 5e-4
    assert (logits(opened.merge_and_unload()) - measured).abs().max() < 5e-4
    untaught = load_model(resolve_model(UNTAUGHT), ADAPTER, torch.float32)
    both = PeftModel.from_pretrained(untaught, str(tuned))
    assert _difference(logits(both), merged) < 5e-4


def _difference(given, expected) -> float:
    """The largest difference as a share of the largest logit: adapters beside the weights round otherwise."""
    return float((given - expected).abs().max() / expected.abs().max())
