"""Sentence-transformers models: their prompts, poolings and Dense layers, against vectors computed by hand."""

import json
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import AutoModel, BertConfig, BertModel

from bakeoff.errors import ModelUnavailableError
from bakeoff.models.embed import ModelEmbedder, load_embedder
from bakeoff.models.probe import probe
from bakeoff.models.sentence_model import read_sentence_model
from bakeoff.models.settings import LocalModel

SAID = "query passage how do i pay an invoice by card or bank"
WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", ":", *SAID.split()]
TEXTS = ["how do i pay", "an invoice by card", "bank", ""]
QUERY, PASSAGE = "query : ", "passage : "
Dense = tuple[int, str, bool]  # output features, activation, with a bias


@pytest.fixture(autouse=True)
def _own_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("BAKEOFF_CACHE", str(tmp_path / "cache"))


def write_model(
    folder: Path, pooling: dict[str, Any], dense: tuple[Dense, ...] = (), prompts: dict[str, Any] | None = None
) -> Path:
    """A random two-layer BERT over a few words, in the layout that sentence-transformers saves."""
    torch.manual_seed(len(folder.name))
    shape = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2}
    BertModel(BertConfig(vocab_size=32, max_position_embeddings=24, **shape)).eval().save_pretrained(folder)
    tokenizer = Tokenizer(models.WordLevel({word: i for i, word in enumerate(WORDS)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    tokenizer.save(str(folder / "tokenizer.json"))
    paths = [
        ("", "Transformer"),
        ("1_Pooling", "Pooling"),
        *((f"{i}_Dense", "Dense") for i in range(2, 2 + len(dense))),
    ]
    write(folder / "1_Pooling" / "config.json", pooling)
    n_in = 16
    for i, (n_out, activation, bias) in enumerate(dense, 2):
        state = {"linear.weight": torch.randn(n_out, n_in)} | ({"linear.bias": torch.randn(n_out)} if bias else {})
        config = {"in_features": n_in, "out_features": n_out, "bias": bias, "activation_function": activation}
        write(folder / f"{i}_Dense" / "config.json", config)
        save_file(state, folder / f"{i}_Dense" / "model.safetensors")
        n_in = n_out
    listed = [
        {"idx": i, "path": path, "type": f"sentence_transformers.models.{name}"} for i, (path, name) in enumerate(paths)
    ]
    write(folder / "modules.json", [*listed, {"idx": 9, "path": "9_Normalize", "type": "x.models.Normalize"}])
    if prompts is not None:
        write(folder / "config_sentence_transformers.json", prompts)
    return folder


def write(path: Path, content: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content))


def by_hand(folder: Path, texts: list[str], pooling: str, dense: tuple[Dense, ...] = ()) -> np.ndarray:
    """The vectors one text at a time, in plain numpy after the transformer."""
    model = AutoModel.from_pretrained(folder).eval()
    rows = []
    for text in texts:
        ids = [2, *(WORDS.index(word) for word in text.split()), 3]
        with torch.no_grad():
            hidden = model(input_ids=torch.tensor([ids])).last_hidden_state[0].numpy()
        vector = hidden[0] if pooling == "cls" else hidden.mean(axis=0)
        for i, (_, activation, _) in enumerate(dense, 2):
            state = {k: v.numpy() for k, v in _load(folder / f"{i}_Dense" / "model.safetensors").items()}
            vector = state["linear.weight"] @ vector + state.get("linear.bias", 0.0)
            vector = np.tanh(vector) if activation.endswith("Tanh") else vector
        rows.append(vector / np.linalg.norm(vector))
    return np.array(rows)


def _load(path: Path) -> dict[str, Any]:
    from safetensors.torch import load_file

    return load_file(path)


def embedder(folder: Path, engine: Any = "transformers") -> ModelEmbedder:
    one = load_embedder(LocalModel(name=str(folder), engine=engine))
    assert isinstance(one, ModelEmbedder)
    return one


ENGINES = ("transformers", "openvino")
TANH, NONE = "torch.nn.modules.activation.Tanh", "torch.nn.modules.linear.Identity"
MEAN, CLS = {"pooling_mode_mean_tokens": True}, {"pooling_mode": "cls", "embedding_dimension": 16}


@pytest.mark.parametrize(
    "dense", [(), ((8, TANH, True),), ((24, NONE, False),), ((32, NONE, False), (6, TANH, True))], ids=len
)
@pytest.mark.parametrize(("pooling", "config"), [("mean", MEAN), ("cls", CLS)])
@pytest.mark.parametrize(
    ("engine", "near"), [("transformers", 0.99999), pytest.param("openvino", 0.999, marks=pytest.mark.slow)]
)
def test_pooling_and_dense_layers_are_used(
    tmp_path: Path, engine: str, near: float, pooling: str, config: dict[str, Any], dense: tuple[Dense, ...]
) -> None:
    """On both engines, for configurations in the old and the new form: the vectors computed by hand."""
    folder = write_model(tmp_path / "model", config, dense)
    one = embedder(folder, engine)
    vectors = one.embed_passages(TEXTS)
    expected = by_hand(folder, TEXTS, pooling, dense)
    assert vectors.shape == expected.shape == (len(TEXTS), one.dimension)
    assert (vectors * expected).sum(axis=1).min() > near


def test_other_dense_weights_are_not_taken_from_the_cache(tmp_path: Path) -> None:
    """The name of the converted graph depends on the projections' weights too."""
    dense: tuple[Dense, ...] = ((8, TANH, True),)
    folder = write_model(tmp_path / "model", MEAN, dense)
    before = embedder(folder, "openvino").embed_passages(TEXTS)
    save_file(
        {"linear.weight": torch.randn(8, 16), "linear.bias": torch.randn(8)}, folder / "2_Dense" / "model.safetensors"
    )
    after = embedder(folder, "openvino").embed_passages(TEXTS)
    assert (after * by_hand(folder, TEXTS, "mean", dense)).sum(axis=1).min() > 0.999
    assert (after * before).sum(axis=1).min() < 0.9


@pytest.mark.parametrize(
    ("prompts", "query", "passage"),
    [
        ({"prompts": {"query": QUERY, "passage": PASSAGE}}, QUERY, PASSAGE),
        ({"prompts": {"query": QUERY, "document": PASSAGE, "passage": "card "}}, QUERY, PASSAGE),
        ({"prompts": {"query": QUERY}}, QUERY, ""),
        ({"prompts": {"pay": PASSAGE, "query": QUERY}, "default_prompt_name": "pay"}, QUERY, PASSAGE),
        ({"prompts": {"pay": PASSAGE}, "default_prompt_name": None}, "", ""),
        ({"prompts": {"query": "", "document": ""}}, "", ""),
        ({}, "", ""),
    ],
)
def test_stored_prompts_are_put_in_front(tmp_path: Path, prompts: dict[str, Any], query: str, passage: str) -> None:
    """Queries get the prompt 'query'; passages 'document', 'passage' or 'corpus'; else the default prompt; else
    none.
    """
    folder = write_model(tmp_path / "model", MEAN, prompts=prompts)
    one = embedder(folder)
    for vectors, prompt in ((one.embed_queries(TEXTS), query), (one.embed_passages(TEXTS), passage)):
        assert vectors == pytest.approx(by_hand(folder, [prompt + text for text in TEXTS], "mean"), abs=1e-5)


def test_every_window_of_a_long_text_has_the_prompt(tmp_path: Path) -> None:
    """A text beyond the window is cut into windows, each with the prompt, averaged by length."""
    folder = write_model(tmp_path / "model", MEAN, prompts={"prompts": {"passage": PASSAGE}})
    one = embedder(folder)
    assert one.max_tokens == 24 - 2 - 2
    words = ("how do i pay an invoice by card or bank " * 4).split()
    thirds = [" ".join(words[len(words) * i // 2 : len(words) * (i + 1) // 2]) for i in range(2)]
    assert len(words) == 40
    pooled = by_hand(folder, [PASSAGE + text for text in thirds], "mean").mean(axis=0)
    assert one.embed_passages([" ".join(words)])[0] == pytest.approx(pooled / np.linalg.norm(pooled), abs=1e-5)


def test_a_model_that_reads_lower_case_gets_it(tmp_path: Path) -> None:
    """`do_lower_case` is applied before the tokenizer."""
    folder = write_model(tmp_path / "model", MEAN)
    write(folder / "sentence_bert_config.json", {"max_seq_length": 20, "do_lower_case": True})
    one = embedder(folder)
    assert one.max_tokens == 18
    assert one.embed_queries(["How DO i Pay"]) == pytest.approx(by_hand(folder, ["how do i pay"], "mean"), abs=1e-5)


def with_modules(folder: Path, *names: str, path: str = "") -> None:
    write(
        folder / "modules.json",
        [{"path": path if i == 0 else f"{i}_{n}", "type": f"x.{n}"} for i, n in enumerate(names)],
    )


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda f: with_modules(f, "Transformer", "Pooling", "LayerNorm"), "Transformer, Pooling, LayerNorm"),
        (lambda f: with_modules(f, "WordEmbeddings", "Pooling"), "WordEmbeddings"),
        (lambda f: with_modules(f, "Transformer", "Pooling", "Normalize", "Dense"), "Normalize, Dense"),
        (lambda f: with_modules(f, "Transformer"), "made of Transformer"),
        (lambda f: with_modules(f), "no modules"),
        (lambda f: with_modules(f, "Transformer", "Pooling", path="0_Transformer"), "0_Transformer"),
        (lambda f: write(f / "1_Pooling/config.json", {"pooling_mode": "lasttoken"}), "lasttoken"),
        (lambda f: write(f / "1_Pooling/config.json", {"pooling_mode": ["mean", "max"]}), "mean, max"),
        (lambda f: write(f / "1_Pooling/config.json", {"pooling_mode_max_tokens": True}), "pooling_mode_max_tokens"),
        (lambda f: write(f / "2_Dense/config.json", {"activation_function": "torch.nn.ReLU"}), "activation ReLU"),
        (lambda f: write(f / "2_Dense/config.json", {"activation_function": NONE, "use_residual": True}), "residual"),
        (
            lambda f: write(f / "2_Dense/config.json", {"module_input_name": "token_embeddings"}),
            "module_input_name",
        ),
        (lambda f: (f / "2_Dense/model.safetensors").unlink(), r"without model\.safetensors"),
        (
            lambda f: write(f / "config_sentence_transformers.json", {"prompts": {}, "default_prompt_name": "gone"}),
            "default prompt 'gone'",
        ),
    ],
)
def test_what_is_not_supported_is_refused_by_name(tmp_path: Path, change: Any, named: str) -> None:
    """A module, pooling, activation or prompt that would be ignored is an error that names it."""
    folder = write_model(tmp_path / "model", MEAN, ((8, TANH, True),))
    assert read_sentence_model(folder).projections
    change(folder)
    with pytest.raises(ModelUnavailableError, match=named):
        load_embedder(str(folder))


def test_prompts_that_are_left_out_of_the_pooling_are_refused(tmp_path: Path) -> None:
    """`include_prompt: false` matters only where there are prompts."""
    folder = write_model(tmp_path / "model", {**MEAN, "include_prompt": False})
    read_sentence_model(folder)
    write(folder / "config_sentence_transformers.json", {"prompts": {"query": QUERY}})
    with pytest.raises(ModelUnavailableError, match="include_prompt"):
        read_sentence_model(folder)


def test_a_transformer_alone_is_pooled_by_the_mean(tmp_path: Path) -> None:
    """A folder with no configuration besides its weights."""
    folder = write_model(tmp_path / "model", MEAN)
    (folder / "modules.json").unlink()
    (folder / "1_Pooling" / "config.json").unlink()
    assert embedder(folder).embed_queries(TEXTS) == pytest.approx(by_hand(folder, TEXTS, "mean"), abs=1e-5)


@pytest.mark.parametrize(
    "name",
    [
        "model.safetensors",
        "2_Dense/model.safetensors",
        "config.json",
        "tokenizer.json",
        "modules.json",
        "1_Pooling/config.json",
        "config_sentence_transformers.json",
    ],
)
def test_a_damaged_embedder_is_one_error_before_a_run(tmp_path: Path, name: str) -> None:
    """A file cut in half is named by the probe and by loading on each engine."""
    folder = write_model(tmp_path / "model", {}, ((8, TANH, True),), {"prompts": {"query": "a "}})
    content = (folder / name).read_bytes()
    (folder / name).write_bytes(content[: len(content) // 2])
    loads = [lambda: probe(str(folder), embeds=True), *(partial(embedder, folder, engine) for engine in ENGINES)]
    for load in loads:
        with pytest.raises(ModelUnavailableError, match="cannot be read") as caught:
            load()
        assert str(folder) in caught.value.message and caught.value.remedy


def test_an_embedder_with_weights_for_fewer_layers_is_refused(tmp_path: Path) -> None:
    """Transformers would make the others up."""
    folder = write_model(tmp_path / "model", {})
    config = json.loads((folder / "config.json").read_text())
    write(folder / "config.json", {**config, "num_hidden_layers": 3})
    for engine in ENGINES:
        with pytest.raises(ModelUnavailableError, match=r"lack \d+ tensors"):
            embedder(folder, engine)
