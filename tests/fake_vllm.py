"""A vLLM server in the test's own process: completions of token ids, and adapters that are loaded and unloaded.

It answers with the name that it was asked for and the token ids of the prompt. `fake.adapters` are the loaded ones.
"""

import json
from pathlib import Path
from typing import Any

from tests.fake_api import FakeApi, Recorded

BASE = "org/base"


class FakeVllm(FakeApi):
    """`allows`: 'updating', 'no updating' (the calls do not exist), 'no lora' (started without adapters)."""

    def __init__(self, allows: str = "updating", max_lora_rank: int = 16, base: str = BASE, **more: Any) -> None:
        super().__init__(**more)
        self.allows, self.max_lora_rank, self.base = allows, max_lora_rank, base
        self.adapters: dict[str, str] = {}
        self.ever_loaded: list[tuple[str, str]] = []
        """The names and paths of all adapters that were loaded, in order."""

    def own(self, path: str, body: dict[str, Any]) -> Recorded | None:
        """vLLM's own calls."""
        call = path.rpartition("/")[2]
        if call in ("load_lora_adapter", "unload_lora_adapter") and self.allows == "no updating":
            return Recorded(404, {"detail": "Not Found"})
        if call == "load_lora_adapter":
            return self._load(body["lora_name"], Path(body["lora_path"]))
        if call == "unload_lora_adapter":
            if self.adapters.pop(body["lora_name"], None) is None:
                return _error(404, f"The lora adapter '{body['lora_name']}' cannot be found.")
            return Recorded(text=f"Success: LoRA adapter '{body['lora_name']}' removed successfully.")
        if call == "completions" and path != "/v1/chat/completions":
            return self._complete(body)
        return super().own(path, body)

    def _load(self, name: str, path: Path) -> Recorded:
        if self.allows == "no lora":
            return _error(400, "LoRA is not enabled. Use `--enable-lora` to enable LoRA.")
        if name in self.adapters:
            return _error(400, f"The lora adapter '{name}' has already been loaded.")
        if not (path / "adapter_config.json").exists():
            return _error(404, f"Loading lora {name} failed: No adapter found for {path}")
        rank = json.loads((path / "adapter_config.json").read_text())["r"]
        if rank > self.max_lora_rank:
            return _error(400, f"LoRA rank {rank} is greater than max_lora_rank {self.max_lora_rank}.")
        self.adapters[name] = str(path)
        self.ever_loaded.append((name, str(path)))
        return Recorded(text=f"Success: LoRA adapter '{name}' added successfully.")

    def _complete(self, body: dict[str, Any]) -> Recorded:
        if body["model"] not in (self.base, *self.adapters):
            return _error(404, f"The model `{body['model']}` does not exist.")
        words = [body["model"], *(f" {one}" for one in body["prompt"])][: body["max_tokens"]]
        usage = {"prompt_tokens": len(body["prompt"]), "completion_tokens": len(words)}
        shown = {"model": body["model"], "usage": usage}
        reason = "length" if len(words) == body["max_tokens"] else "stop"
        if not body.get("stream"):
            choice = {
                "text": "".join(words),
                "finish_reason": reason,
                "logprobs": {"token_logprobs": [-0.5] * len(words)},
            }
            return Recorded(body={**shown, "choices": [{"index": 0, **choice}]})
        events: list[dict[str, Any]] = [
            {"choices": [{"text": word, "finish_reason": None, "logprobs": {"token_logprobs": [-0.5]}}]}
            for word in words
        ]
        events += [{"choices": [{"text": "", "finish_reason": reason}]}, {"choices": [], **shown}]
        return Recorded(lines=(*(f"data: {json.dumps(event)}" for event in events), "data: [DONE]"))


def _error(code: int, message: str) -> Recorded:
    return Recorded(code, {"error": {"message": message, "type": "BadRequestError", "param": None, "code": code}})
