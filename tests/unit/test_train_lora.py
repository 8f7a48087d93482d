"""Training an adapter: what it computes, what it leaves in its folder, how it stops, resumes and refuses."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from bakeoff.errors import InputError, ModelUnavailableError, RunFolderError
from bakeoff.models import saved_state
from bakeoff.tuning.checkpoint import Position
from bakeoff.tuning.lora import TrainingError, TrainingSettings, train_adapter
from tests.unit.tiny_model import arithmetic, example, write_tiny_model

torch = pytest.importorskip("torch")
peft = pytest.importorskip("peft")
transformers = pytest.importorskip("transformers")

QUICK = TrainingSettings(rank=4, alpha=8, max_epochs=3, examples_per_batch=8, checkpoint_every_s=4, learning_rate=5e-3)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_model(tmp_path_factory.mktemp("tiny"))


@pytest.fixture
def in_float32(monkeypatch: pytest.MonkeyPatch) -> None:
    """Compute in float32, so that only mistakes make differences."""
    monkeypatch.setattr("bakeoff.tuning.fast_model.has_bfloat16", lambda device: False)


def _adapter(folder: Path) -> dict:
    from safetensors.torch import load_file

    return load_file(folder / "adapter_model.safetensors")


def _model(folder: Path):
    from bakeoff.tuning.tuned_model import TunedModel

    return TunedModel(folder, 4, 8, QUICK.target_modules, 0)


def _assert_same(one: dict, other: dict) -> None:
    assert one.keys() == other.keys()
    assert all(torch.equal(one[name], other[name]) for name in one)


@pytest.mark.usefixtures("in_float32")
def test_loss_and_gradients_are_those_of_the_plain_model_with_a_plain_adapter(tiny: Path) -> None:
    """Packing, sharing, merging and the fast operations together give the same result as PEFT on padded rows."""
    from bakeoff.tuning.packing import encode, pack

    fast = _model(tiny)
    draw = torch.Generator().manual_seed(1)
    values = {name: 0.1 * torch.randn(one.shape, generator=draw) for name, one in fast.parameters.items()}
    fast.load(values)
    encoded = encode(fast.chat, arithmetic(9))
    rows = [pack(encoded[:5]), pack(encoded[5:])]
    loss = sum(fast.loss(row) for row in rows) / sum(len(row.wanted) for row in rows)
    loss.backward()

    plain = peft.get_peft_model(transformers.AutoModelForCausalLM.from_pretrained(tiny), fast.config)
    peft.set_peft_model_state_dict(plain, values)
    longest = max(len(one.tokens) for one in encoded)
    ids = torch.tensor([[*one.tokens, *[0] * (longest - len(one.tokens))] for one in encoded])
    labels = torch.full_like(ids, -100)
    for row, one in zip(labels, encoded, strict=True):
        row[one.n_prompt : len(one.tokens)] = torch.tensor(one.tokens[one.n_prompt :])
    expected = plain(input_ids=ids, labels=labels).loss
    expected.backward()

    torch.testing.assert_close(loss, expected)
    own = dict(plain.named_parameters())
    for name, parameter in fast.parameters.items():
        theirs = own[name.replace(".weight", ".default.weight")].grad
        torch.testing.assert_close(parameter.grad, theirs, rtol=1e-4, atol=1e-5)


def test_exactly_right_means_that_greedy_decoding_writes_the_completion(tiny: Path, tmp_path: Path) -> None:
    """The share reported for the dev examples is the share a generator would get."""
    from bakeoff.tuning.packing import encode, pack

    settings = QUICK.model_copy(update={"max_epochs": 25, "learning_rate": 2e-2})
    train_adapter(tiny, [example(c, c * 2) for c in "abcdefgh"], [], settings, tmp_path)
    model = _model(tiny)
    model.load_folder(tmp_path)
    encoded = encode(model.chat, [example(c, c * 2) for c in "abcdyz"])
    fit = model.fit([pack(encoded[:3]), pack(encoded[3:])])
    greedy = transformers.AutoModelForCausalLM.from_pretrained(tiny)
    greedy = peft.PeftModel.from_pretrained(greedy, tmp_path)
    for one, exact in zip(encoded, fit.exact, strict=True):
        wanted = list(one.tokens[one.n_prompt :])
        written = greedy.generate(
            input_ids=torch.tensor([one.tokens[: one.n_prompt]]),
            attention_mask=torch.ones(1, one.n_prompt, dtype=torch.long),
            max_new_tokens=len(wanted),
            do_sample=False,
        )
        assert exact == (written[0, one.n_prompt :].tolist() == wanted)
    assert any(fit.exact)


def test_a_finished_folder_holds_a_peft_adapter_a_curve_and_a_report(tiny: Path, tmp_path: Path) -> None:
    """And no files that are no longer needed."""
    report = train_adapter(tiny, arithmetic(20), arithmetic(6, 100), QUICK, tmp_path)
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {
        "adapter_config.json", "adapter_model.safetensors", "report.json", "request.json", "training.jsonl"
    }  # fmt: skip
    lines = [json.loads(line) for line in (tmp_path / "training.jsonl").read_text().splitlines()]
    ends = [line for line in lines if line["dev_loss"] is not None]
    assert [line["epoch"] for line in ends] == [1, 2, 3]
    assert len(lines) - len(ends) == report.n_steps == lines[-1]["step"]
    assert ends[-1]["loss"] < ends[0]["loss"]
    assert report.best_dev_loss == min(line["dev_loss"] for line in ends)
    assert (report.n_examples, report.epochs, report.stopped_because) == (20, 3, "all 3 epochs done")
    base = transformers.AutoModelForCausalLM.from_pretrained(tiny)
    read = peft.get_peft_model_state_dict(peft.PeftModel.from_pretrained(base, tmp_path))
    written = _adapter(tmp_path)
    assert read.keys() == written.keys()
    assert all(torch.equal(read[name], written[name]) for name in written)


def test_a_finished_training_is_not_done_again(tiny: Path, tmp_path: Path) -> None:
    """Its report is returned unchanged, without any step."""
    first = train_adapter(tiny, arithmetic(12), [], QUICK, tmp_path)
    steps: list[int] = []
    again = train_adapter(tiny, arithmetic(12), [], QUICK, tmp_path, on_progress=lambda at: steps.append(at.step))
    assert (again, steps) == (first, [])


def test_a_seed_decides_the_adapter(tiny: Path, tmp_path: Path) -> None:
    """The same seed gives the same bits, another seed other ones."""
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        train_adapter(tiny, arithmetic(12), [], QUICK.model_copy(update={"seed": seed}), tmp_path / name)
    _assert_same(_adapter(tmp_path / "a"), _adapter(tmp_path / "b"))
    one, other = _adapter(tmp_path / "a"), _adapter(tmp_path / "c")
    assert any(not torch.equal(one[name], other[name]) for name in one)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"examples": arithmetic(11)}, "examples"),
        ({"dev_examples": arithmetic(2)}, "dev examples"),
        ({"settings": QUICK.model_copy(update={"rank": 8})}, "settings"),
    ],
)
def test_another_training_in_the_same_folder_is_refused(tiny: Path, tmp_path: Path, change: dict, named: str) -> None:
    """The difference is named, and existing files stay."""
    arguments = {"examples": arithmetic(12), "dev_examples": [], "settings": QUICK, "folder": tmp_path}
    train_adapter(tiny, **arguments)
    before = (tmp_path / "adapter_model.safetensors").read_bytes()
    with pytest.raises(RunFolderError, match=f"another {named}"):
        train_adapter(tiny, **{**arguments, **change})
    assert (tmp_path / "adapter_model.safetensors").read_bytes() == before


def test_a_step_that_fails_half_way_is_not_done_again(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may have changed some parameters already. Only the gradient is computed again if memory is short."""
    n_steps = 0

    def fails(*arguments: object, **options: object) -> None:
        nonlocal n_steps
        n_steps += 1
        raise MemoryError

    monkeypatch.setattr(torch.optim.AdamW, "step", fails)
    with pytest.raises(MemoryError):
        train_adapter(tiny, arithmetic(12), [], QUICK, tmp_path)
    assert n_steps == 1


def test_training_goes_on_from_another_adapter(tiny: Path, tmp_path: Path) -> None:
    """The first loss continues from the last one of the earlier training, not from an untrained model's."""
    settings = QUICK.model_copy(update={"max_epochs": 8, "examples_per_batch": 12})
    train_adapter(tiny, arithmetic(12), [], settings, tmp_path / "first")
    losses: list[float] = []
    train_adapter(tiny, arithmetic(12), [], settings, tmp_path / "second", start_from=tmp_path / "first",
                  on_progress=lambda at: losses.append(at.loss))  # fmt: skip
    curve = [json.loads(line)["loss"] for line in (tmp_path / "first" / "training.jsonl").read_text().splitlines()]
    assert losses[0] < curve[-1] < curve[0]


def test_an_adapter_of_another_shape_is_no_start(tiny: Path, tmp_path: Path) -> None:
    """A rank that does not match is reported before anything is trained."""
    train_adapter(tiny, arithmetic(4), [], QUICK, tmp_path / "first")
    other = QUICK.model_copy(update={"rank": 2})
    with pytest.raises(ModelUnavailableError, match="another rank"):
        train_adapter(tiny, arithmetic(4), [], other, tmp_path / "second", start_from=tmp_path / "first")


def test_training_stops_when_the_dev_examples_get_no_better(tiny: Path, tmp_path: Path) -> None:
    """The adapter kept is that of the best epoch, not the last: more examples exactly right, then the lower loss."""
    settings = QUICK.model_copy(update={"max_epochs": 40, "patience": 2, "learning_rate": 3e-2})
    report = train_adapter(tiny, arithmetic(16), arithmetic(6, 200), settings, tmp_path)
    assert report.stopped_because == "no improvement on the dev examples for 2 epochs"
    assert report.epochs < 40
    lines = [json.loads(line) for line in (tmp_path / "training.jsonl").read_text().splitlines()]
    ends = [(line["dev_exact"], -line["dev_loss"]) for line in lines if line["dev_loss"] is not None]
    assert max(ends) == ends[-3] == (report.best_dev_exact, -report.best_dev_loss)
    from bakeoff.tuning.packing import encode, pack

    model = _model(tiny)
    model.load_folder(tmp_path)
    kept = model.fit([pack(encode(model.chat, arithmetic(6, 200)))])
    assert kept.loss / kept.n_wanted == pytest.approx(report.best_dev_loss, rel=0.05)


def test_training_stops_when_the_examples_are_learnt(tiny: Path, tmp_path: Path) -> None:
    """Using only the training loss, as when a few changed facts are trained."""
    settings = QUICK.model_copy(update={"max_epochs": 200, "learning_rate": 2e-2})
    report = train_adapter(tiny, [example(c, c) for c in "abcd"], [], settings, tmp_path)
    assert report.stopped_because == "the examples are learned"
    assert report.best_dev_loss is None


def test_training_stops_at_its_time_limit_and_leaves_an_adapter(tiny: Path, tmp_path: Path) -> None:
    """Even when the limit is shorter than one step."""
    settings = QUICK.model_copy(update={"max_seconds": 1e-6})
    report = train_adapter(tiny, arithmetic(20), arithmetic(3), settings, tmp_path)
    assert report.stopped_because == "the limit of 1e-06 s"
    assert report.n_steps == 1
    assert report.best_dev_loss is not None
    assert _adapter(tmp_path)


def test_only_so_many_dev_examples_are_used(tiny: Path, tmp_path: Path) -> None:
    """The share exactly right is of the drawn examples only: of two, it is a multiple of a half."""
    settings = QUICK.model_copy(update={"n_dev_examples": 2, "max_epochs": 1})
    report = train_adapter(tiny, arithmetic(8), arithmetic(30, 100), settings, tmp_path / "two")
    everything = QUICK.model_copy(update={"max_epochs": 1})
    assert report.best_dev_exact in (0, 0.5, 1)
    assert (
        report.best_dev_loss
        != train_adapter(tiny, arithmetic(8), arithmetic(30, 100), everything, tmp_path / "all").best_dev_loss
    )


def test_progress_counts_to_the_last_step(tiny: Path, tmp_path: Path) -> None:
    """With a speed and a remaining time that reaches zero."""
    seen = []
    train_adapter(tiny, arithmetic(20), [], QUICK, tmp_path, on_progress=seen.append)
    assert [at.step for at in seen] == list(range(1, 1 + seen[-1].n_steps))
    assert all(at.tokens_per_s > 0 for at in seen)
    assert seen[0].eta_s > seen[-1].eta_s == 0


def test_no_examples_are_refused(tiny: Path, tmp_path: Path) -> None:
    """Before a folder is made."""
    with pytest.raises(InputError, match="no example to train on"):
        train_adapter(tiny, [], [], QUICK, tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_a_loss_that_is_no_number_ends_the_training(tiny: Path, tmp_path: Path) -> None:
    """With the learning rate in the remedy, and without an adapter that looks finished."""
    settings = QUICK.model_copy(update={"learning_rate": 1e30, "max_epochs": 20})
    with pytest.raises(TrainingError, match=r"the loss is (?s:.*)lower the learning rate \(now 1e\+30\)"):
        train_adapter(tiny, arithmetic(20), [], settings, tmp_path)
    assert not (tmp_path / "adapter_model.safetensors").exists()


def test_modules_that_the_model_lacks_are_refused(tiny: Path, tmp_path: Path) -> None:
    """LoRA needs modules to be added to."""
    settings = QUICK.model_copy(update={"target_modules": ("c_attn",)})
    with pytest.raises(ModelUnavailableError, match="target_modules"):
        train_adapter(tiny, arithmetic(4), [], settings, tmp_path)


def test_a_full_disk_is_told_with_what_to_free(tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The training can be resumed when there is space again."""

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(RunFolderError, match=r"No space left on device(?s:.*)continue from its last checkpoint"):
        saved_state.save(tmp_path / "state.safetensors", {"a": torch.zeros(3)}, Position())
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_fills_up_in_training_leaves_it_to_be_taken_up(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wherever it happens. With space again, the same call finishes."""
    arguments = (tiny, arithmetic(12), [], QUICK, tmp_path)

    def full(path: Path, records: list) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("bakeoff.tuning.training.jsonl.append", full)
        with pytest.raises(RunFolderError, match="No space left on device"):
            train_adapter(*arguments)
    assert train_adapter(*arguments).stopped_because == "all 3 epochs done"


def test_importing_the_module_imports_no_torch() -> None:
    """The command line starts fast."""
    code = "import sys, bakeoff.tuning.lora, bakeoff.tuning.examples; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
