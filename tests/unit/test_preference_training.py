"""DPO and KTO: the losses are those of the papers and of TRL, and training does what they are for, on a tiny model."""

import json
import math
import signal
from pathlib import Path

import pytest

from bakeoff.errors import ModelUnavailableError, RunFolderError
from bakeoff.tuning.full import FullSettings, train_full
from bakeoff.tuning.lora import TrainingSettings, train_adapter
from bakeoff.tuning.packing import Encoded, encode, pack
from bakeoff.tuning.preferences.lesson import Judged, PreferenceLesson
from bakeoff.tuning.preferences.train import train_preferences
from bakeoff.tuning.settings import Preferences
from bakeoff.tuning.task import Part
from tests.unit.interrupted_training import interrupt_until_finished, preference_command
from tests.unit.tiny_model import arithmetic, example, preferred, thumbs, write_tiny_model

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

QUICK = TrainingSettings(rank=4, max_epochs=3, examples_per_batch=8, learning_rate=3e-3, checkpoint_every_s=4)
DPO = Preferences(files="x", sft_weight=0)
KTO = Preferences(files="x", method="kto", sft_weight=0)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_model(tmp_path_factory.mktemp("tiny"))


@pytest.fixture(scope="module")
def moved(tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny model after a training: a policy that differs from the reference."""
    folder = tmp_path_factory.mktemp("moved")
    train_full(tiny, arithmetic(12, 50), [], FullSettings(max_epochs=2, learning_rate=3e-3), folder)
    return folder


@pytest.fixture(autouse=True)
def in_float32(monkeypatch: pytest.MonkeyPatch) -> None:
    """Compute in float32, so that only mistakes make differences."""
    monkeypatch.setattr("bakeoff.tuning.fast_model.has_bfloat16", lambda device: False)


def objective_of(lesson: PreferenceLesson, settings: Preferences, tiny: Path, folder: Path, seed: int = 0):
    """An objective whose reference is the tiny model."""
    from bakeoff.tuning.full_model import FullModel
    from bakeoff.tuning.preferences.objective import Dpo, Kto

    objective = (Dpo if settings.method == "dpo" else Kto)(lesson, settings, seed)
    objective.begin(FullModel(tiny), folder)
    return objective


def loss_of(objective, model, numbers: list[int]) -> float:
    """The loss of a batch of two rows."""
    train = objective.answers["train"].tokens
    halves = (numbers[: len(numbers) // 2], numbers[len(numbers) // 2 :])
    batch = [Part(tuple(half), pack([train[i][0] for i in half])) for half in halves]
    return sum(float(summand.detach()) for summand in objective(model, batch))


def plain_logp(model, one: Encoded) -> float:
    """The log-probability of a completion, token by token from transformers."""
    logits = model(input_ids=torch.tensor([one.tokens])).logits[0].detach().double()
    total = 0.0
    for at in range(one.n_prompt, len(one.tokens)):
        scores = logits[at - 1]
        total += float(scores[one.tokens[at]] - torch.logsumexp(scores, 0))
    return total


def plain(folder: Path):
    return transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()


@pytest.mark.parametrize("sft_weight", [0.0, 0.7])
def test_the_loss_of_dpo_is_that_of_the_paper(sft_weight: float, tiny: Path, moved: Path, tmp_path: Path) -> None:
    """Equation 7, and the mean negative log-probability of the liked answers' tokens, written out."""
    from bakeoff.tuning.full_model import FullModel

    lesson, settings = preferred(6, 2), DPO.model_copy(update={"sft_weight": sft_weight, "beta": 0.3})
    objective = objective_of(lesson, settings, tiny, tmp_path)
    policy, reference, chat = plain(moved), plain(tiny), FullModel(tiny).chat
    losses, nll, n_tokens = [], 0.0, 0
    for one in lesson.train:
        (liked, disliked) = encode(chat, one.examples)
        gained = [plain_logp(policy, some) - plain_logp(reference, some) for some in (liked, disliked)]
        losses.append(-math.log(1 / (1 + math.exp(-0.3 * (gained[0] - gained[1])))))
        nll, n_tokens = nll - plain_logp(policy, liked), n_tokens + len(liked.tokens) - liked.n_prompt
    expected = sum(losses) / 6 + sft_weight * nll / n_tokens
    assert abs(math.log(2) - sum(losses) / 6) > 0.01  # the policy is another one than the reference
    assert loss_of(objective, FullModel(moved), list(range(6))) == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("sft_weight", [0.0, 0.7])
def test_the_loss_of_kto_is_that_of_the_paper(sft_weight: float, tiny: Path, moved: Path, tmp_path: Path) -> None:
    """Equation 8 with the weights of the rarer kind, and the reference point of mismatched answers, written out."""
    from bakeoff.tuning.full_model import FullModel
    from bakeoff.tuning.preferences.objective import mismatches

    lesson = thumbs(4, 2)
    lesson = PreferenceLesson(lesson.train[1:], lesson.held)  # four disliked, three liked
    settings = KTO.model_copy(update={"sft_weight": sft_weight, "beta": 0.3})
    objective = objective_of(lesson, settings, tiny, tmp_path)
    policy, reference, chat = plain(moved), plain(tiny), FullModel(tiny).chat

    def ratio(one: Encoded) -> float:
        return plain_logp(policy, one) - plain_logp(reference, one)

    others = mismatches(lesson.train, 0)
    assert all(other.completion not in (one.liked, one.disliked) for one, other in
               zip(lesson.train, others, strict=True))  # fmt: skip
    z = max(0.0, sum(ratio(one) for one in encode(chat, others)) / 7)
    assert z > 0.001
    total, nll, n_tokens = 0.0, 0.0, 0
    for one in lesson.train:
        (answer,) = encode(chat, one.examples)
        sign, weight = (1, 4 / 3) if one.liked else (-1, 1)
        total += weight * (1 - 1 / (1 + math.exp(-0.3 * sign * (ratio(answer) - z))))
        if one.liked:
            nll, n_tokens = nll - plain_logp(policy, answer), n_tokens + len(answer.tokens) - answer.n_prompt
    expected = total / 7 + sft_weight * nll / n_tokens
    assert loss_of(objective, FullModel(moved), list(range(7))) == pytest.approx(expected, abs=1e-5)


def padded(rows: list[Encoded]) -> dict:
    """Rows as TRL's collators give them."""
    longest = max(len(one.tokens) for one in rows)
    ids = torch.tensor([[*one.tokens, *[1] * (longest - len(one.tokens))] for one in rows])
    mask = torch.tensor([[1] * len(one.tokens) + [0] * (longest - len(one.tokens)) for one in rows])
    completion = mask.clone()
    for row, one in zip(completion, rows, strict=True):
        row[: one.n_prompt] = 0
    return {"input_ids": ids, "attention_mask": mask, "completion_mask": completion}


@pytest.mark.parametrize("sft_weight", [0.0, 0.7])
def test_the_loss_of_dpo_is_that_of_trl(sft_weight: float, tiny: Path, moved: Path, tmp_path: Path) -> None:
    """DPOTrainer on the same batch, with its losses `sigmoid` and `sft`."""
    trl, datasets = pytest.importorskip("trl"), pytest.importorskip("datasets")
    from bakeoff.tuning.full_model import FullModel

    lesson, settings = preferred(6, 2), DPO.model_copy(update={"sft_weight": sft_weight, "beta": 0.3})
    objective = objective_of(lesson, settings, tiny, tmp_path)
    rows = [{"prompt": "a", "chosen": "b", "rejected": "c"}] * 2
    arguments = trl.DPOConfig(output_dir=str(tmp_path), beta=0.3, loss_type=["sigmoid", "sft"], use_cpu=True,
                              loss_weights=[1.0, sft_weight], report_to="none", bf16=False)  # fmt: skip
    tokenizer = transformers.AutoTokenizer.from_pretrained(tiny)
    trainer = trl.DPOTrainer(model=plain(moved), ref_model=plain(tiny), args=arguments, processing_class=tokenizer,
                             train_dataset=datasets.Dataset.from_list(rows))  # fmt: skip
    tokens = objective.answers["train"].tokens
    batch = padded([*(pair[0] for pair in tokens), *(pair[1] for pair in tokens)])
    theirs = float(trainer.compute_loss(trainer.model, batch).detach())
    assert loss_of(objective, FullModel(moved), list(range(6))) == pytest.approx(theirs, abs=1e-5)


def test_the_loss_of_kto_is_that_of_trl(tiny: Path, moved: Path, tmp_path: Path) -> None:
    """KTOTrainer on the same batch with the same mismatched answers."""
    trl, datasets = pytest.importorskip("trl"), pytest.importorskip("datasets")
    from bakeoff.tuning.full_model import FullModel

    lesson = thumbs(4, 2)
    lesson = PreferenceLesson(lesson.train[1:], lesson.held)
    objective = objective_of(lesson, KTO, tiny, tmp_path)
    rows = [{"prompt": "a", "completion": "b", "label": True}, {"prompt": "c", "completion": "d", "label": False}]
    arguments = trl.KTOConfig(output_dir=str(tmp_path), beta=0.1, desirable_weight=4 / 3, use_cpu=True,
                              report_to="none", bf16=False, per_device_train_batch_size=2)  # fmt: skip
    tokenizer = transformers.AutoTokenizer.from_pretrained(tiny)
    trainer = trl.KTOTrainer(model=plain(moved), ref_model=plain(tiny), args=arguments, processing_class=tokenizer,
                             train_dataset=datasets.Dataset.from_list(rows))  # fmt: skip
    own = padded([one for (one,) in objective.answers["train"].tokens])
    other = padded([one for (one,) in objective.answers["mismatched"].tokens])
    batch = {**own, **{f"KL_{key}": value for key, value in other.items()},
             "label": torch.tensor([bool(one.liked) for one in lesson.train])}  # fmt: skip
    theirs = float(trainer.compute_loss(trainer.model, batch).detach())
    assert loss_of(objective, FullModel(moved), list(range(7))) == pytest.approx(theirs, abs=1e-5)


def curve(folder: Path) -> list[dict]:
    return [json.loads(line) for line in (folder / "training.jsonl").read_text().splitlines()]


def ratios(folder: Path, tiny: Path, lesson: PreferenceLesson, tmp_path: Path):
    """The log-ratios of the training answers under an adapter, to the plain model."""
    from bakeoff.tuning.lora import adapted

    objective = objective_of(lesson, DPO, tiny, tmp_path)
    model = adapted(tiny, QUICK)
    model.load_folder(folder)
    train = objective.answers["train"]
    return train.compute(model) - train.reference


@pytest.mark.parametrize("method", ["dpo", "kto"])
def test_liked_answers_become_more_likely_and_disliked_ones_less(method: str, tiny: Path, tmp_path: Path) -> None:
    lesson = preferred(20, 4) if method == "dpo" else thumbs(20, 4)
    settings = Preferences(files="x", method=method)
    report = train_preferences(tiny, lesson, settings, QUICK, tmp_path / "tuned", None)
    gained = ratios(tmp_path / "tuned", tiny, preferred(20, 4), tmp_path / "reference").mean(0)
    assert gained[0] > 0 > gained[1]
    assert report.best_dev_exact == 1
    assert not (tmp_path / "tuned" / "checkpoint").exists()


def test_the_reference_is_the_adapter_that_training_begins_with(tiny: Path, tmp_path: Path) -> None:
    """The first loss is log 2: nothing has been gained yet. Without a start it is the model itself."""
    train_adapter(tiny, arithmetic(20), [], QUICK, tmp_path / "supervised")
    for name, start in (("from", tmp_path / "supervised"), ("plain", None)):
        train_preferences(tiny, preferred(20, 4), DPO, QUICK, tmp_path / name, start)
        assert curve(tmp_path / name)[0]["loss"] == pytest.approx(math.log(2), abs=1e-5)
    first = [json.loads((tmp_path / name / "request.json").read_text())["first adapter"] for name in ("from", "plain")]
    assert first[0] and not first[1]


def test_all_weights_learn_preferences_too(tiny: Path, moved: Path, tmp_path: Path) -> None:
    loop = FullSettings(max_epochs=2, examples_per_batch=8, learning_rate=1e-3)
    report = train_preferences(tiny, preferred(20, 4), Preferences(files="x"), loop, tmp_path, moved)
    assert report.best_dev_exact == 1
    assert (tmp_path / "model.safetensors").exists()


def falling() -> PreferenceLesson:
    """Pairs of which those held out like what the others dislike, so that training makes it unlikely."""
    lesson = preferred(16, 4)
    held = [one.model_copy(update={"liked": "no idea!", "disliked": one.liked}) for one in lesson.held]
    return PreferenceLesson(lesson.train, held)


def test_training_stops_when_the_liked_answers_become_unlikely(tiny: Path, tmp_path: Path) -> None:
    """The model it began with is kept, and the report says why. With enough allowance it goes on."""
    train_adapter(tiny, arithmetic(8), [], QUICK, tmp_path / "start")
    report = train_preferences(tiny, falling(), DPO, QUICK, tmp_path / "stopped", tmp_path / "start")
    assert "became less likely" in report.stopped_because and report.epochs == 1
    assert report.best_dev_exact is None
    kept, start = (weights(tmp_path / name) for name in ("stopped", "start"))
    assert all(torch.equal(kept[name], start[name]) for name in start)
    allowed = DPO.model_copy(update={"allowed_fall": 1e6})
    report = train_preferences(tiny, falling(), allowed, QUICK, tmp_path / "allowed", tmp_path / "start")
    assert report.epochs > 1
    assert not all(torch.equal(weights(tmp_path / "allowed")[name], start[name]) for name in start)


def test_nothing_held_out_keeps_the_last_epoch(tiny: Path, tmp_path: Path) -> None:
    """Nothing is measured then, and nothing stops it."""
    report = train_preferences(tiny, preferred(12, 0), DPO, QUICK, tmp_path, None)
    assert report.epochs == 3 and report.best_dev_exact is None
    assert any(bool(tensor.any()) for name, tensor in weights(tmp_path).items() if "lora_B" in name)


def weights(folder: Path) -> dict:
    from safetensors.torch import load_file

    return load_file(folder / "adapter_model.safetensors")


def test_the_term_of_supervised_learning_holds_the_liked_answers_up(tiny: Path, tmp_path: Path) -> None:
    gained = []
    for weight in (0.0, 5.0):
        settings = DPO.model_copy(update={"sft_weight": weight, "allowed_fall": 1e6})
        train_preferences(tiny, preferred(20, 4), settings, QUICK, tmp_path / str(weight), None)
        gained.append(ratios(tmp_path / str(weight), tiny, preferred(20, 4), tmp_path / f"r{weight}").mean(0)[0])
    assert gained[1] > gained[0]


def test_a_training_that_is_killed_ends_with_the_same_adapter(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bit for bit: the reference is that of the beginning, not of the moment when training goes on."""
    monkeypatch.undo()  # the other process computes as the processor does
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    train_adapter(tiny, arithmetic(8), [], QUICK, tmp_path / "start")
    loop = QUICK.model_copy(update={"max_epochs": 6, "examples_per_batch": 4})
    settings = Preferences(files="x", sft_weight=0.5, allowed_fall=1e9)
    train_preferences(tiny, preferred(20, 6), settings, loop, tmp_path / "whole", tmp_path / "start")
    command = preference_command(tiny, tmp_path / "cut", loop.model_dump_json(), tmp_path / "start")
    attempts = interrupt_until_finished(command, signal.SIGKILL, seed=3)
    assert len(attempts) > 1 and any(ended.steps[0] > 1 for ended in attempts if ended.steps)
    one, other = weights(tmp_path / "whole"), weights(tmp_path / "cut")
    assert one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)
    curves = [[{**point, "seconds": 0} for point in curve(tmp_path / name)] for name in ("whole", "cut")]
    assert curves[0] == curves[1]


def test_another_folder_of_preferences_is_refused(tiny: Path, tmp_path: Path) -> None:
    """Other answers, another beta: named as another training."""
    train_preferences(tiny, preferred(8, 2), DPO, QUICK, tmp_path, None)
    with pytest.raises(RunFolderError, match="another preferences"):
        train_preferences(tiny, preferred(8, 2), DPO.model_copy(update={"beta": 0.2}), QUICK, tmp_path, None)
    lesson = preferred(8, 2)
    other = [one.model_copy(update={"disliked": "?"}) for one in lesson.train]
    with pytest.raises(RunFolderError, match="another preferences"):
        train_preferences(tiny, PreferenceLesson(other, lesson.held), DPO, QUICK, tmp_path, None)


def test_an_adapter_of_another_model_is_no_start(tiny: Path, tmp_path: Path) -> None:
    other = write_tiny_model(tmp_path / "other", hidden_size=48)
    train_adapter(other, arithmetic(4), [], QUICK, tmp_path / "adapter")
    with pytest.raises(ModelUnavailableError, match="another rank, other modules or another model"):
        train_preferences(tiny, preferred(8, 2), DPO, QUICK, tmp_path / "tuned", tmp_path / "adapter")


def test_long_shared_prompts_are_computed_once(tiny: Path, tmp_path: Path) -> None:
    """A pair whose prompt is long has a row of its own; short ones share a row. The log-probabilities are the same."""
    from bakeoff.tuning.full_model import FullModel
    from bakeoff.tuning.preferences.objective import Answers

    model = FullModel(tiny)
    long = [[example(f"{i}" * 90, "yes"), example(f"{i}" * 90, "no")] for i in range(3)]
    short = [[example("a", "yes"), example("a", "no")] for _ in range(3)]
    for judged, n_rows in ((long, 3), (short, 1)):
        answers = Answers(model, judged)
        rows = list(answers.rows(range(3)))
        assert len(rows) == n_rows
        expected = [[plain_logp(plain(tiny), one) for one in pair] for pair in answers.tokens]
        torch.testing.assert_close(answers.compute(model), torch.tensor(expected), rtol=1e-4, atol=1e-4)


def test_long_disliked_answers_make_no_long_rows(tiny: Path) -> None:
    """Batches are planned by the liked answers; a row has at most so many tokens all the same."""
    from bakeoff.tuning.full_model import FullModel
    from bakeoff.tuning.packing import plan
    from bakeoff.tuning.preferences.objective import TOKENS_AT_ONCE, Answers

    model = FullModel(tiny)
    answers = Answers(model, [[example(f"{i}?", str(i)), example(f"{i}?", "no " * 100)] for i in range(12)])
    [[planned]] = plan([pair[0] for pair in answers.tokens], 1024, 512, 16, "x")
    rows = list(answers.rows(planned))
    assert [i for numbers, _ in rows for i in numbers] == planned
    assert max(row.tokens.numel() for _, row in rows) <= TOKENS_AT_ONCE and 1 < len(rows) < len(planned)
    expected = [[plain_logp(plain(tiny), one) for one in pair] for pair in answers.tokens]
    torch.testing.assert_close(answers.compute(model), torch.tensor(expected), rtol=1e-4, atol=1e-3)


def test_the_time_of_the_reference_is_part_of_the_training(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the report, and under the limit of time."""
    from bakeoff.tuning.preferences.objective import Answers

    now, plain_compute = 0.0, Answers.compute

    def compute(self: Answers, model: object) -> object:
        nonlocal now
        now += 100
        return plain_compute(self, model)

    monkeypatch.setattr(Answers, "compute", compute)
    loop = QUICK.model_copy(update={"max_seconds": 150})
    report = train_preferences(tiny, preferred(40, 2), DPO, loop, tmp_path, None, clock=lambda: now)
    assert report.seconds == 200 and report.n_steps == 1
    assert report.stopped_because == "the limit of 150 s"


def test_an_answer_that_does_not_fit_beside_another_prompt_is_cut(tiny: Path, tmp_path: Path) -> None:
    """KTO puts each answer beside another prompt. Each fits beside its own, so nothing may be refused."""
    from bakeoff.tuning.full_model import FullModel

    long = [example("x" * 900, "yes"), example("Why?", "because " * 60), *arithmetic(6)]
    judged = [
        Judged(prompt=one.prompt, **{"liked" if i % 2 else "disliked": one.completion}) for i, one in enumerate(long)
    ]
    objective = objective_of(PreferenceLesson(judged, thumbs(1, 1).held), KTO, tiny, tmp_path, seed=5)
    ((first,), *_) = objective.answers["mismatched"].tokens
    assert len(first.tokens) == 1024 and first.n_prompt > 900  # the long answer beside the long prompt
    assert math.isfinite(loss_of(objective, FullModel(tiny), list(range(8))))
