"""Labels scored by a causal model: all in one pass, the same as each alone."""

from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import AutoModelForCausalLM

from bakeoff.contenders.label_models import naming
from bakeoff.errors import ContenderError
from bakeoff.models.engines.label_scores import CausalReader, LabelTree
from tests.unit.shapes import write_shape
from tests.unit.tiny_model import write_tiny_model

LABELS = ("card", "card arrival", "refund", "re", "a")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_model(tmp_path_factory.mktemp("tiny") / "model")


def test_a_tree_shares_what_labels_begin_with() -> None:
    """'card' ends with the end token, which is not a beginning of 'card arrival'."""
    tree = LabelTree([[1, 2, 9], [1, 2, 3, 9], [4, 9]])
    assert tree.tokens == [1, 2, 9, 3, 9, 4, 9]
    assert tree.fed == [0, 1, 3, 5]  # nothing comes after an end token
    sees = tree.mask(n_cached=2, n_rest=1)
    assert sees.shape == (5, 7) and sees[:, :3].all()
    assert sees[:, 3:].int().tolist() == [[0, 0, 0, 0], [1, 0, 0, 0], [1, 1, 0, 0], [1, 1, 1, 0], [0, 0, 0, 1]]


def test_every_label_has_the_log_probability_that_it_has_alone(folder: Path) -> None:
    """By the plain model, one label after the other, without cache, tree or mask."""
    render = naming(LABELS).render
    reader = CausalReader(folder, dtype=torch.float32).scoring(render, LABELS)
    model = AutoModelForCausalLM.from_pretrained(folder).eval()
    texts = ["where is my card?", "give it back"]
    scores, n_tokens = reader.scores(texts)
    for row, text in zip(scores, texts, strict=True):
        prompt = reader.chat.ids(render(text))
        for score, label in zip(row, LABELS, strict=True):
            tokens = [*reader.chat.plain_ids(label), reader.chat.turn_end_id]
            with torch.inference_mode():
                steps = torch.log_softmax(model(torch.tensor([[*prompt, *tokens]])).logits[0].float(), -1)
            alone = sum(float(steps[len(prompt) - 1 + i, token]) for i, token in enumerate(tokens))
            assert score == pytest.approx(alone, abs=1e-3)
    assert all(n > len(reader.chat.ids(render(""))) for n in n_tokens)
    assert np.allclose(reader.scores(texts)[0], scores)  # what is shared is as it was before


def test_a_model_that_cannot_read_a_tree_costs_its_contender_alone(tmp_path: Path) -> None:
    """Attention over a window that is shorter than the prompt: the run leaves the contender out and goes on."""
    folder = write_shape("mistral", tmp_path / "mistral")
    with pytest.raises(ContenderError, match="MistralForCausalLM cannot score labels together") as refused:
        CausalReader(folder, dtype=torch.float32).scoring(naming(LABELS).render, LABELS)
    assert "attention sees the whole prompt" in refused.value.remedy


def test_a_text_that_is_too_long_has_no_scores(folder: Path) -> None:
    """The others have."""
    reader = CausalReader(folder, dtype=torch.float32).scoring(naming(LABELS).render, LABELS)
    scores, _ = reader.scores(["short", "long " * 400])
    assert not np.isnan(scores[0]).any() and np.isnan(scores[1]).all()
    states, _ = reader.states([naming(LABELS).render("short"), naming(LABELS).render("long " * 400)])
    assert not np.isnan(states[0]).any() and np.isnan(states[1]).all()


def test_states_are_those_of_the_models_last_layer(folder: Path) -> None:
    """The last token's, then the mean."""
    reader, prompt = CausalReader(folder, dtype=torch.float32), naming(LABELS).render("where is it?")
    model = AutoModelForCausalLM.from_pretrained(folder).eval()
    with torch.inference_mode():
        hidden = model(torch.tensor([reader.chat.ids(prompt)]), output_hidden_states=True).hidden_states[-1][0]
    (state,), _ = reader.states([prompt])
    assert state == pytest.approx(torch.cat([hidden[-1], hidden.mean(0)]).numpy(), abs=1e-4)
