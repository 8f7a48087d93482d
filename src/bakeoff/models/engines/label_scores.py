"""What a causal model makes of labels: the log-probability of each label after a prompt, and the states of a prompt.

Takes a model's folder and prompts, gives arrays. Runs on torch, since the other engines score no given completion. All
labels are scored in one pass: their tokens form a tree whose nodes see the prompt and their own ancestors only, and
what all prompts begin with is read once. Knows nothing about how labels are chosen.
"""

import copy
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from transformers import DynamicCache

from bakeoff.errors import ContenderError, TooLongError
from bakeoff.models.chat import Chat
from bakeoff.models.engines.transformers import load_model
from bakeoff.models.gpu import has_bfloat16
from bakeoff.models.threads import free_threads, use_threads
from bakeoff.records import Prompt

SAME = 0.05
"""The largest difference of a label's log-probability in one tree and alone: more is no rounding."""
Render = Callable[[str], Prompt]


class LabelTree:
    """Token sequences as a tree. A node is fed to the model if it has a child; a label ends at a leaf.

    `tokens`, `parents` (-1 for the first tokens) and `depths` are those of all nodes; `paths` the nodes of each label.
    """

    def __init__(self, sequences: Sequence[Sequence[int]]) -> None:
        self.tokens: list[int] = []
        self.parents: list[int] = []
        self.depths: list[int] = []
        self.paths: list[list[int]] = []
        nodes: dict[tuple[int, int], int] = {}
        for sequence in sequences:
            path, parent = [], -1
            for depth, token in enumerate(sequence):
                if (parent, token) not in nodes:
                    nodes[parent, token] = len(self.tokens)
                    self.tokens.append(token)
                    self.parents.append(parent)
                    self.depths.append(depth)
                parent = nodes[parent, token]
                path.append(parent)
            self.paths.append(path)
        inner = set(self.parents) - {-1}
        self.fed = [node for node in range(len(self.tokens)) if node in inner]
        self._sees = self._ancestors()

    def _ancestors(self) -> torch.Tensor:
        """(fed, fed): which fed nodes each fed node sees, itself among them."""
        place = {node: i for i, node in enumerate(self.fed)}
        sees = torch.zeros(len(self.fed), len(self.fed), dtype=torch.bool)
        for node in self.fed:
            at = node
            while at >= 0:
                sees[place[node], place[at]] = True
                at = self.parents[at]
        return sees

    def mask(self, n_cached: int, n_rest: int) -> torch.Tensor:
        """(rest + fed, cached + rest + fed): what each new token sees after the cached ones."""
        n = n_rest + len(self.fed)
        sees = torch.zeros(n, n_cached + n, dtype=torch.bool)
        sees[:, :n_cached] = True
        sees[:n_rest, n_cached : n_cached + n_rest] = torch.ones(n_rest, n_rest, dtype=torch.bool).tril()
        sees[n_rest:, n_cached : n_cached + n_rest] = True
        sees[n_rest:, n_cached + n_rest :] = self._sees
        return sees

    def sums(self, logprobs: torch.Tensor) -> np.ndarray:
        """The log-probability of each label, from those of the next token after the prompt and after each fed node.

        `logprobs` has shape (1 + fed, vocabulary).
        """
        row = {-1: 0} | {node: i + 1 for i, node in enumerate(self.fed)}
        of_node = logprobs[[row[parent] for parent in self.parents], self.tokens].double().numpy()
        return np.array([of_node[path].sum() for path in self.paths])


class CausalReader:
    """A local model on torch, in bfloat16 if the processor has instructions for it. Several threads may use it in turn.

    Raises ContenderError if a trial shows that the tree of labels is not read as each label alone is.
    """

    def __init__(self, folder: Path, adapter: Path | None = None, dtype: torch.dtype | None = None) -> None:
        use_threads(free_threads())
        self.chat = Chat(folder)
        self._dtype = dtype or (torch.bfloat16 if has_bfloat16() else torch.float32)
        self._model = load_model(folder, adapter, self._dtype)
        self._lock = threading.Lock()
        self._tree: LabelTree | None = None
        self._shared: list[int] = []
        self._cache: Any = None
        self._render: Render | None = None

    def scoring(self, render: Render, labels: Sequence[str]) -> "CausalReader":
        """The same, ready to score these labels after prompts of this kind."""
        self._render = render
        self._tree = LabelTree([[*self.chat.plain_ids(label), self.chat.turn_end_id] for label in labels])
        first, second = (self.chat.ids(render(text)) for text in ("a", "Why?"))
        n = next((i for i, (a, b) in enumerate(zip(first, second, strict=False)) if a != b), 0)
        self._shared, self._cache = first[:n], DynamicCache()
        if n:
            with torch.inference_mode():
                self._model(input_ids=torch.tensor([self._shared]), past_key_values=self._cache, use_cache=True)
        self._check(first)
        return self

    def _check(self, ids: list[int]) -> None:
        assert self._tree is not None
        given, tree = self._scored(ids), self._tree
        longest = max(range(len(tree.paths)), key=lambda label: len(tree.paths[label]))
        for label in {0, longest}:
            tokens = [tree.tokens[node] for node in tree.paths[label]]
            alone = self._plain(ids, tokens)
            if not abs(alone - given[label]) < SAME * max(1.0, abs(alone)):
                raise ContenderError(
                    f"{type(self._model).__name__} cannot score labels together: the log-probability of one is "
                    f"{given[label]:.2f}, and {alone:.2f} alone.",
                    "use a model whose attention sees the whole prompt, such as Llama or Qwen, or leave it out",
                )

    def _plain(self, ids: Sequence[int], tokens: Sequence[int]) -> float:
        """The log-probability of these tokens after a prompt, without a tree and without a cache."""
        with torch.inference_mode():
            logits = self._model(input_ids=torch.tensor([[*ids, *tokens]])).logits[0].float()
        steps = torch.log_softmax(logits[len(ids) - 1 : -1], dim=-1)
        return float(steps[torch.arange(len(tokens)), torch.tensor(tokens)].double().sum())

    def scores(self, texts: Sequence[str]) -> tuple[np.ndarray, list[int]]:
        """The log-probability of each label after each text (texts, labels), and the tokens read for each text.

        A text that does not fit into the model's context has nan for every label.
        """
        assert self._tree is not None and self._render is not None
        room = max(self._tree.depths) + 2
        rows, n_tokens = [], []
        for text in texts:
            try:
                ids = self.chat.ids_that_fit(self._render(text), room)
            except TooLongError:
                rows.append(np.full(len(self._tree.paths), np.nan))
                n_tokens.append(0)
                continue
            with self._lock:
                rows.append(self._scored(ids))
            n_tokens.append(len(ids) + len(self._tree.fed))
        return np.array(rows).reshape(len(texts), len(self._tree.paths)), n_tokens

    def _scored(self, ids: Sequence[int]) -> np.ndarray:
        """One pass over what follows the shared beginning, and over the tree."""
        tree, n = self._tree, len(self._shared)
        assert tree is not None
        if list(ids[:n]) != self._shared or len(ids) == n:
            n = 0
        cache = copy.deepcopy(self._cache) if n else DynamicCache()
        rest = list(ids[n:])
        tokens = [*rest, *(tree.tokens[node] for node in tree.fed)]
        places = [*range(n, len(ids)), *(len(ids) + tree.depths[node] for node in tree.fed)]
        mask = torch.zeros(len(tokens), n + len(tokens), dtype=self._dtype)
        mask = mask.masked_fill(~tree.mask(n, len(rest)), torch.finfo(self._dtype).min)
        with torch.inference_mode():
            logits = self._model(
                input_ids=torch.tensor([tokens]),
                position_ids=torch.tensor([places]),
                attention_mask=mask[None, None],
                past_key_values=cache,
                use_cache=True,
                logits_to_keep=torch.arange(len(rest) - 1, len(tokens)),
            ).logits[0]
        return tree.sums(torch.log_softmax(logits.float(), dim=-1))

    def states(self, prompts: Sequence[Prompt], room: int = 1) -> tuple[np.ndarray, list[int]]:
        """For each prompt the last layer's state of its last token and the mean over its tokens (prompts, 2 d), and
        its tokens. A prompt that does not fit has nan.
        """
        rows, n_tokens = [], []
        width = 2 * int(self._model.config.get_text_config().hidden_size)
        for prompt in prompts:
            try:
                ids = self.chat.ids_that_fit(prompt, room)
            except TooLongError:
                rows.append(np.full(width, np.nan, np.float32))
                n_tokens.append(0)
                continue
            with self._lock, torch.inference_mode():
                states = self._model.base_model(input_ids=torch.tensor([ids])).last_hidden_state[0].float()
            rows.append(torch.cat([states[-1], states.mean(0)]).numpy())
            n_tokens.append(len(ids))
        return np.array(rows, np.float32).reshape(len(prompts), width), n_tokens
