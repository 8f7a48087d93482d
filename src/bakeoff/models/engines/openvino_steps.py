"""Rows of tokens on the OpenVINO engine: the model's graph, compiled so that every step gives the logits of all rows.

Takes the folder of a graph that `openvino_graph` wrote, gives logits. Knows no text.

The pipeline that writes plain answers gives no logits, so the graph is compiled a second time, with the same weights.
Written for that pipeline, which brings its own attention, the graph needs three changes first: a causal mask, heads
repeated in a way that runs without it, and logits of the last tokens only.
"""

from pathlib import Path
from typing import Any

import numpy as np
import openvino
from openvino import opset13 as op

from bakeoff.errors import ConfigError
from bakeoff.models.engines.openvino_graph import GRAPH_NAME
from bakeoff.models.engines.openvino_plugin import DEVICE, opened_apart

HIDDEN = np.float32(-1e30)
"""What is added to the attention of tokens that do not count. Finite: padding that sees nothing must not become NaN."""


class SteppedGraph:
    """A compiled graph. Its rows may be used from several threads, each from one. Raises ConfigError for a graph that
    the exporter of optimum-intel wrote.
    """

    def __init__(self, folder: Path, properties: dict[str, str]) -> None:
        core = openvino.Core()
        model = core.read_model(folder / "openvino_model.xml")
        if model.friendly_name != GRAPH_NAME:
            raise ConfigError(
                "The engine 'openvino' shows no probabilities of next tokens for a model that optimum-intel exported.",
                "set the model's engine to transformers",
            )
        _give_all_logits(model)
        self._compiled = opened_apart(lambda: core.compile_model(model, DEVICE, properties))

    def rows(self) -> "OpenVinoRows":
        """New, empty rows."""
        return OpenVinoRows(self._compiled.create_infer_request())


class OpenVinoRows:
    """The rows of one `ChatSteps`: a request, which keeps the keys and values."""

    def __init__(self, request: Any) -> None:
        self._request = request

    def read(self, tokens: np.ndarray, mask: np.ndarray, positions: np.ndarray, n_last: int) -> np.ndarray:
        """See `bakeoff.models.steps.Rows`."""
        n_rows, n_new = tokens.shape
        inputs = {"input_ids": tokens, "attention_mask": mask, "position_ids": positions}
        beams = np.arange(n_rows, dtype=np.int32)
        self._request.infer({**inputs, "beam_idx": beams, "kept": np.arange(n_new - n_last, n_new)})
        return np.array(self._request.get_tensor("logits").data)


def _give_all_logits(model: Any) -> None:
    """Makes a graph for the pipeline run alone."""
    inputs = {one.any_name: one for one in model.inputs}
    mask = _causal(inputs["input_ids"], inputs["attention_mask"])
    for node in model.get_ops():
        kind = node.get_type_name()
        if kind == "ScaledDotProductAttention":
            node.input(3).replace_source_output(mask.output(0))
        elif kind == "Broadcast" and node.get_output_partial_shape(0).rank.get_length() == 5:
            _repeat_heads(node)
    kept = op.parameter([-1], np.int64, name="kept")
    kept.output(0).get_tensor().set_names({"kept"})
    head = model.get_results()[0].input_value(0).get_node()
    head.input(0).replace_source_output(op.gather(head.input_value(0), kept, np.int64(1)).output(0))
    model.add_parameters([kept])
    model.validate_nodes_and_infer_types()


def _causal(ids: Any, mask: Any) -> Any:
    """What is added to attention, (rows, 1, new tokens, all tokens): 0 for tokens that count and are not later."""
    n_new, n_all = (op.gather(op.shape_of(one), np.int64(1), np.int64(0)) for one in (ids, mask))
    places = op.range(np.int64(0), n_all, np.int64(1), "i64")
    own = op.add(op.range(np.int64(0), n_new, np.int64(1), "i64"), op.subtract(n_all, n_new))
    is_not_later = op.less_equal(op.unsqueeze(places, 0), op.unsqueeze(own, 1))
    counts = op.not_equal(op.unsqueeze(op.unsqueeze(mask, 1), 1), np.int64(0))
    seen = op.logical_and(counts, op.unsqueeze(op.unsqueeze(is_not_later, 0), 0))
    return op.select(seen, np.float32(0), HIDDEN)


def _repeat_heads(broadcast: Any) -> None:
    """Keys or values, repeated for the query heads that share them, by a product with ones: the plugin recognises it
    and does not make the copies."""
    repeats = broadcast.get_output_partial_shape(0)[2].get_length()
    ones = op.constant(np.ones((1, 1, repeats, 1, 1), np.float32))
    repeated = op.multiply(broadcast.input_value(0), ones)
    for reader in broadcast.output(0).get_target_inputs():
        reader.replace_source_output(repeated.output(0))
