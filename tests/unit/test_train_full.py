"""Full fine-tuning: every weight learns as in a plain loop of torch, and the folder holds a model that others read."""

import json
import signal
from pathlib import Path

import pytest

from bakeoff.errors import ConfigError, InputError, ModelUnavailableError, RunFolderError
from bakeoff.tuning.full import FullSettings, train_full
from bakeoff.tuning.packing import encode, plan
from bakeoff.tuning.rates import slanted_triangular
from tests.unit.interrupted_training import full_command, interrupt_until_finished
from tests.unit.tiny_model import arithmetic, write_tiny_model

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

QUICK = FullSettings(max_epochs=3, examples_per_batch=8, learning_rate=3e-3, checkpoint_every_s=4)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model whose output layer is tied to its embeddings."""
    return write_tiny_model(tmp_path_factory.mktemp("tied"), tie_word_embeddings=True)


@pytest.fixture(scope="module")
def untied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_model(tmp_path_factory.mktemp("untied"), tie_word_embeddings=False)


@pytest.fixture
def in_float32(monkeypatch: pytest.MonkeyPatch) -> None:
    """Compute in float32, so that only mistakes make differences."""
    monkeypatch.setattr("bakeoff.tuning.fast_model.has_bfloat16", lambda device: False)


@pytest.fixture
def in_bfloat16(monkeypatch: pytest.MonkeyPatch) -> None:
    """Compute in bfloat16 on any processor."""
    monkeypatch.setattr("bakeoff.tuning.fast_model.has_bfloat16", lambda device: True)


def weights(folder: Path) -> dict:
    from safetensors.torch import load_file

    return load_file(folder / "model.safetensors")


def curve(folder: Path) -> list[dict]:
    return [json.loads(line) for line in (folder / "training.jsonl").read_text().splitlines()]


def plain_losses(model_folder: Path, examples: list, settings: FullSettings) -> tuple[list[float], dict]:
    """The same training with nothing of Bakeoff but the order of its batches: padded rows, AdamW, a linear schedule."""
    from bakeoff.models.chat import Chat

    model = transformers.AutoModelForCausalLM.from_pretrained(model_folder, dtype=torch.float32).eval()
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.0, weight_decay=0.0)
    encoded = encode(Chat(model_folder), examples)
    batches = []
    for epoch in range(settings.max_epochs):
        batches += plan(encoded, settings.tokens_per_batch, settings.tokens_per_row, settings.examples_per_batch,
                        f"{settings.seed} {epoch}")  # fmt: skip
    losses = []
    for step, batch in enumerate(batches):
        used = [encoded[i] for row in batch for i in row]
        longest = max(len(one.tokens) for one in used)
        ids = torch.tensor([[*one.tokens, *[0] * (longest - len(one.tokens))] for one in used])
        labels = torch.full_like(ids, -100)
        for row, one in zip(labels, used, strict=True):
            row[one.n_prompt : len(one.tokens)] = torch.tensor(one.tokens[one.n_prompt :])
        for group in optimizer.param_groups:
            group["lr"] = settings.learning_rate * min(1, (step + 1) / 6) * (1 - 0.9 * step / len(batches))
        loss = model(input_ids=ids, labels=labels).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        losses.append(float(loss.detach()))
    return losses, dict(model.named_parameters())


@pytest.mark.usefixtures("in_float32")
@pytest.mark.parametrize("kind", ["tiny", "untied"])
def test_every_step_has_the_loss_of_a_plain_loop(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    """Packed rows, the fast operations, tied weights and the loop give what transformers and torch give."""
    model = request.getfixturevalue(kind)
    train_full(model, arithmetic(20), [], QUICK, tmp_path)
    losses, parameters = plain_losses(model, arithmetic(20), QUICK)
    ours = [point["loss"] for point in steps_of(tmp_path)]
    assert len(ours) == len(losses) > 8
    assert ours == pytest.approx(losses, abs=1e-5)
    written = weights(tmp_path)
    assert written.keys() == parameters.keys()
    for name, parameter in parameters.items():
        torch.testing.assert_close(written[name], parameter.detach(), rtol=1e-3, atol=2e-4)


def steps_of(folder: Path) -> list[dict]:
    """The lines of the curve that are steps: the end of an epoch repeats the number of its last one."""
    found: dict[int, dict] = {}
    for point in curve(folder):
        found.setdefault(point["step"], point)
    return [found[step] for step in sorted(found)]


@pytest.mark.usefixtures("in_bfloat16")
@pytest.mark.parametrize("kind", ["tiny", "untied"])
def test_in_bfloat16_the_gradients_reach_the_float32_weights(kind: str, request: pytest.FixtureRequest) -> None:
    """Every weight has one, near that of the plain model in float32; of embeddings summed over both uses."""
    from bakeoff.tuning.full_model import FullModel
    from bakeoff.tuning.packing import pack

    folder = request.getfixturevalue(kind)
    fast = FullModel(folder)
    encoded = encode(fast.chat, arithmetic(9))
    for part in (encoded[:5], encoded[5:]):
        fast.loss(pack(part)).backward()
    plain = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    for one in encoded:
        labels = torch.tensor([[*[-100] * one.n_prompt, *one.tokens[one.n_prompt :]]])
        n_wanted = len(one.tokens) - one.n_prompt
        (plain(input_ids=torch.tensor([one.tokens]), labels=labels).loss * n_wanted).backward()
    expected = dict(plain.named_parameters())
    assert fast.parameters.keys() == expected.keys()
    for name, parameter in fast.parameters.items():
        assert parameter.dtype == parameter.grad.dtype == torch.float32
        difference = float((parameter.grad - expected[name].grad).norm() / expected[name].grad.norm())
        assert difference < 0.15, name  # 0.1 is what rounding alone does in this model


@pytest.mark.usefixtures("in_bfloat16")
def test_small_steps_add_up_although_bfloat16_rounds_them_away(tiny: Path) -> None:
    """The float32 weights keep what each step is too small to change in bfloat16."""
    from bakeoff.tuning.full_model import FullModel

    model = FullModel(tiny)
    name = "model.layers.0.mlp.up_proj.weight"
    before = model.kept()[name].float()
    for _ in range(512):
        with torch.no_grad():
            model.parameters[name].mul_(1 + 2**-12)
        model.after_step()
    ratio = model.kept()[name].float() / before
    assert float(ratio.median()) == pytest.approx((1 + 2**-12) ** 512, rel=0.01)


@pytest.mark.usefixtures("in_bfloat16")
def test_what_is_written_is_what_was_computed_with(tiny: Path, tmp_path: Path) -> None:
    """In bfloat16, tokenizer included: transformers opens the folder and has the dev loss of the report."""
    from bakeoff.models.chat import Chat
    from bakeoff.models.engines.transformers import load_model

    dev = arithmetic(6, 100)
    report = train_full(tiny, arithmetic(20), dev, QUICK, tmp_path)
    names = {path.name for path in tmp_path.iterdir()}
    assert {"config.json", "model.safetensors", "tokenizer.json", "report.json", "training.jsonl"} <= names
    assert "checkpoint" not in names and "adapter_config.json" not in names
    assert {tensor.dtype for tensor in weights(tmp_path).values()} == {torch.bfloat16}
    assert "bakeoff" not in (tmp_path / "config.json").read_text()
    chat, base = Chat(tmp_path), Chat(tiny)
    assert [chat.ids(one.prompt) for one in dev] == [base.ids(one.prompt) for one in dev]
    assert (chat.end_ids, chat.context_tokens) == (base.end_ids, base.context_tokens)
    loaded = load_model(tiny, tmp_path, torch.bfloat16)
    total, n_wanted = 0.0, 0
    for one in encode(base, dev):
        logits = loaded(input_ids=torch.tensor([one.tokens])).logits[0, one.n_prompt - 1 : -1].float()
        wanted = torch.tensor(one.tokens[one.n_prompt :])
        total += float(torch.nn.functional.cross_entropy(logits, wanted, reduction="sum").detach())
        n_wanted += len(wanted)
    assert total / n_wanted == pytest.approx(report.best_dev_loss, rel=0.02)


@pytest.mark.usefixtures("in_float32")
def test_training_goes_on_from_an_earlier_full_model(tiny: Path, tmp_path: Path) -> None:
    """The first loss continues from the last one of the earlier training."""
    settings = QUICK.model_copy(update={"max_epochs": 6, "examples_per_batch": 12})
    train_full(tiny, arithmetic(12), [], settings, tmp_path / "first")
    train_full(tiny, arithmetic(12), [], settings, tmp_path / "second", start_from=tmp_path / "first")
    earlier = curve(tmp_path / "first")
    assert curve(tmp_path / "second")[0]["loss"] < earlier[-1]["loss"] < earlier[0]["loss"]


def test_what_is_no_whole_model_or_another_one_is_no_start(tiny: Path, untied: Path, tmp_path: Path) -> None:
    """An adapter, and a model with other weights, are named before anything is trained."""
    from bakeoff.tuning.lora import TrainingSettings, train_adapter

    train_adapter(tiny, arithmetic(4), [], TrainingSettings(rank=2, max_epochs=1), tmp_path / "adapter")
    with pytest.raises(ModelUnavailableError, match="holds no whole model"):
        train_full(tiny, arithmetic(4), [], QUICK, tmp_path / "a", start_from=tmp_path / "adapter")
    with pytest.raises(ModelUnavailableError, match=r"has another shape(?s:.*)lm_head"):
        train_full(tiny, arithmetic(4), [], QUICK, tmp_path / "b", start_from=untied)
    train_full(tiny, arithmetic(4), [], QUICK.model_copy(update={"max_epochs": 1}), tmp_path / "full")
    with pytest.raises(ModelUnavailableError, match="holds no adapter"):
        train_adapter(tiny, arithmetic(4), [], TrainingSettings(rank=2), tmp_path / "c", start_from=tmp_path / "full")


def test_nothing_to_train_on_and_another_training_are_refused(tiny: Path, tmp_path: Path) -> None:
    """As for an adapter."""
    with pytest.raises(InputError, match="no example to train on"):
        train_full(tiny, [], [], QUICK, tmp_path)
    train_full(tiny, arithmetic(4), [], QUICK, tmp_path)
    with pytest.raises(RunFolderError, match="another settings"):
        train_full(tiny, arithmetic(4), [], QUICK.model_copy(update={"unfreezing": "gradual"}), tmp_path)


def test_a_training_that_is_killed_ends_with_the_same_model(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bit for bit, with a rate for each layer and layers that are not trained yet when it is killed."""
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    options = {"max_epochs": 6, "examples_per_batch": 4, "layer_decay": 2.6, "unfreezing": "gradual"}
    settings = QUICK.model_copy(update={**options, "schedule": "slanted-triangular"})
    train_full(tiny, arithmetic(20), arithmetic(6, 100), settings, tmp_path / "whole")
    command = full_command(tiny, tmp_path / "cut", settings.model_dump_json())
    attempts = interrupt_until_finished(command, signal.SIGKILL, seed=3)
    assert len(attempts) > 1 and any(ended.steps[0] > 1 for ended in attempts if ended.steps)
    one, other = weights(tmp_path / "whole"), weights(tmp_path / "cut")
    assert one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)
    curves = [[{**point, "seconds": 0} for point in curve(tmp_path / name)] for name in ("whole", "cut")]
    assert curves[0] == curves[1]


def moved(before: Path, after: Path) -> dict[str, float]:
    """How far each weight has moved, at most."""
    first = transformers.AutoModelForCausalLM.from_pretrained(before, dtype=torch.float32).named_parameters()
    now = weights(after)
    return {name: float((now[name].float() - parameter).abs().max().detach()) for name, parameter in first}


@pytest.mark.usefixtures("in_float32")
def test_gradual_unfreezing_trains_the_last_layer_first(untied: Path, tmp_path: Path) -> None:
    """After one epoch only the last layer and what follows it moved; each epoch adds the next lower one."""
    for epochs, still in ((1, {"layers.0.", "embed"}), (2, {"embed"}), (3, set())):
        settings = QUICK.model_copy(update={"max_epochs": epochs, "unfreezing": "gradual"})
        train_full(untied, arithmetic(20), [], settings, tmp_path / str(epochs))
        for name, distance in moved(untied, tmp_path / str(epochs)).items():
            assert (distance == 0) == any(part in name for part in still), (epochs, name)


@pytest.mark.usefixtures("in_float32")
def test_each_layer_has_the_rate_of_the_one_above_divided_by_the_decay(untied: Path, tmp_path: Path) -> None:
    """The first step of Adam moves each weight by its rate, so that the distances show the rates."""
    settings = FullSettings(
        max_epochs=1, examples_per_batch=64, tokens_per_batch=9000, learning_rate=1e-3, layer_decay=2.6, warmup_steps=0
    )
    report = train_full(untied, arithmetic(8), [], settings, tmp_path)
    assert report.n_steps == 1
    distances = moved(untied, tmp_path)
    for name, share in (("lm_head", 1), ("layers.1.mlp", 1), ("layers.0.mlp", 2.6), ("embed_tokens", 2.6**2)):
        for found in (distance for key, distance in distances.items() if name in key):
            assert found == pytest.approx(1e-3 / share, rel=0.01), name


def test_the_slanted_triangle_is_that_of_the_formula() -> None:
    """Howard and Ruder 2018, equation 3, written out, for lengths in which the cut is a whole step."""
    for n_steps in (10, 50, 400):
        cut = int(n_steps * 0.1)
        for t in range(n_steps):
            p = t / cut if t < cut else 1 - (t - cut) / (cut * (1 / 0.1 - 1))
            assert slanted_triangular(t, n_steps) == pytest.approx((1 + p * (32 - 1)) / 32)
    for n_steps in range(1, 40):
        assert all(1 / 32 <= slanted_triangular(t, n_steps) <= 1 for t in range(n_steps))


@pytest.mark.usefixtures("in_float32")
def test_lora_takes_the_same_options(tiny: Path, tmp_path: Path) -> None:
    """The adapter of the lower layer stays as it began in the first epoch."""
    from safetensors.torch import load_file

    from bakeoff.tuning.lora import TrainingSettings, train_adapter

    for epochs in (1, 2):
        options = {"unfreezing": "gradual", "layer_decay": 2.6, "schedule": "slanted-triangular"}
        settings = TrainingSettings(rank=2, max_epochs=epochs, **options)
        train_adapter(tiny, arithmetic(12), [], settings, tmp_path / str(epochs))
        tensors = load_file(tmp_path / str(epochs) / "adapter_model.safetensors")
        tuned = {name for name, tensor in tensors.items() if "lora_B" in name and bool(tensor.any())}
        assert any("layers.1." in name for name in tuned)
        assert any("layers.0." in name for name in tuned) == (epochs == 2)


def test_another_objective_takes_the_place_of_the_loss(tiny: Path, tmp_path: Path) -> None:
    """It is given the rows and which examples are in them, and its summands are what is learned from."""
    from bakeoff.tuning.full_model import FullModel
    from bakeoff.tuning.task import Task
    from bakeoff.tuning.training import train

    seen: list[int] = []

    def doubled(model, batch):
        for part in batch:
            seen.extend(part.examples)
            assert len(part.examples) == len(part.row.n_wanted)
            yield 2 * model.loss(part.row)
            yield -model.loss(part.row)

    settings = QUICK.model_copy(update={"max_epochs": 1})
    task = Task(lambda: FullModel(tiny), arithmetic(12), [], settings, {"model": "x"}, objective=doubled)
    train(task, tmp_path)
    assert sorted(seen) == list(range(12))
    first = curve(tmp_path)[0]["loss"]
    train_full(tiny, arithmetic(12), [], settings, tmp_path / "usual")
    assert first > 10 * curve(tmp_path / "usual")[0]["loss"]  # summed over the batch's tokens, not their mean


@pytest.mark.usefixtures("in_bfloat16")
def test_the_engines_answer_with_the_tuned_model(tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Transformers and OpenVINO take its folder where they take an adapter's; its graph is a tuned one."""
    pytest.importorskip("openvino_genai")
    from bakeoff.models.engines.openvino_cache import graph_folder
    from bakeoff.models.load import load_generator
    from bakeoff.models.settings import LocalModel
    from bakeoff.records import GenerationSettings

    monkeypatch.setenv("BAKEOFF_CACHE", str(tmp_path / "cache"))
    examples = arithmetic(6)
    settings = QUICK.model_copy(update={"max_epochs": 80, "examples_per_batch": 6, "learning_rate": 1e-2})
    train_full(tiny, examples, [], settings, tmp_path / "tuned")
    prompts, asked = [one.prompt for one in examples], GenerationSettings(max_new_tokens=8)
    for engine in ("transformers", "openvino"):
        model = LocalModel(name=str(tiny), engine=engine)
        texts = [one.text for one in load_generator(model, tmp_path / "tuned").generate(prompts, asked)]
        assert texts == [one.completion for one in examples], engine
        assert texts != [one.text for one in load_generator(model).generate(prompts, asked)]
    assert graph_folder(tiny, tmp_path / "tuned").parent.name == "openvino-tuned"
    assert graph_folder(tiny, tmp_path / "tuned") != graph_folder(tiny, None)


def test_a_whole_model_is_no_adapter_of_a_model(tiny: Path, tmp_path: Path) -> None:
    """Named as one in the configuration it is refused, with what to write instead."""
    from bakeoff.models.checksums import weights_sha256
    from bakeoff.models.load import load_generator
    from bakeoff.models.settings import LocalModel

    with pytest.raises(ModelUnavailableError, match=r"holds a whole model, not an adapter(?s:.*)name it as the model"):
        load_generator(LocalModel(name=str(tiny), engine="transformers", adapter=str(tiny)))
    with pytest.raises(ModelUnavailableError, match=r"holds no adapter_config.json and no config.json"):
        weights_sha256(tiny, tmp_path)
    assert weights_sha256(tiny, tiny)["adapter"] != weights_sha256(tiny)["weights"]


def with_update(config: Path) -> Path:
    """The configuration with a new version of one document, and questions about what changed in it."""
    (config.parent / "new").mkdir()
    old = (config.parent / "docs" / "aldra.md").read_text()
    (config.parent / "new" / "aldra.md").write_text(old.replace("314 days", "400 days"))
    asked = ("How long is a year on Aldra?", "In what time does Aldra circle its star?", "Aldra: orbital period?")
    rows = [
        {"id": f"new{i}", "question": f"{text} (now)", "answers": ["400 days"], "fact": "aldra-year-now",
         "source": "aldra.md", "evidence": "400 days"}
        for i, text in enumerate(asked)
    ]  # fmt: skip
    (config.parent / "new.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    values = json.loads(config.read_text())
    config.write_text(json.dumps({**values, "updates": {"documents": ["new"], "questions": ["new.jsonl"]}}))
    return config


def test_a_pilot_tunes_exports_and_updates_a_whole_model(tmp_path: Path) -> None:
    """`tuning: {method: full}` in a configuration: it answers, is tuned further by an update, is exported."""
    from bakeoff.contenders.access import learned_with
    from bakeoff.contenders.identity import identity_of
    from bakeoff.exports.adapter import export_adapter
    from bakeoff.exports.merged import export_merged
    from bakeoff.exports.origin import origin_of
    from bakeoff.exports.weights import weights_of
    from bakeoff.models.checksums import model_sha256
    from bakeoff.models.engines.transformers import load_model
    from bakeoff.pilot.run import run
    from tests.end_to_end.small import make

    models = {"generator": {"name": str(write_tiny_model(tmp_path / "tiny")), "engine": "transformers"}}
    models["embedder"] = "hash"
    tuning = {"method": "full", "epochs": 2, "examples": 12}
    config = make(tmp_path, models=models, contenders=["base", "tuned"], generation={"max_new_tokens": 2},
                  tuning=tuning)  # fmt: skip
    finished = run(with_update(config), runs=tmp_path / "runs")
    assert not [answer.error for answer in finished.answers("tuned") if answer.error]
    (first,) = (finished.folder.root / "adapters").glob("tuned-*")
    (further,) = (finished.folder.root / "update").glob("**/adapters/tuned-*")
    assert json.loads((first / "request.json").read_text())["first model"] == ""
    assert json.loads((further / "request.json").read_text())["first model"] == model_sha256(first)
    assert learned_with(further) == {()}
    assert finished.comparison.entrant("tuned").axes.tuning == "fine-tuned (full)"
    origin = origin_of(str(finished.folder.root), Path("none"), Path("none"))
    identity = identity_of(origin.world, "tuned")
    before = origin.measured.of("tuned")
    assert before and before.adapter == identity.adapter != ""
    export_merged(origin, tmp_path / "merged", "tuned")
    of_contender = weights_of(origin, "tuned")
    assert of_contender.adapter is not None
    ids = torch.arange(2, 60)[None]
    measured = load_model(of_contender.base, of_contender.adapter, torch.float32)(input_ids=ids).logits
    opened = transformers.AutoModelForCausalLM.from_pretrained(tmp_path / "merged", dtype=torch.float32).eval()
    torch.testing.assert_close(opened(input_ids=ids).logits, measured)
    with pytest.raises(ConfigError, match=r"all weights of its model were tuned(?s:.*)--to merged"):
        export_adapter(origin, tmp_path / "adapter", "tuned")
