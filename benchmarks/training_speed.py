"""Tokens per second of Bakeoff's training, LoRA or full, compared with TRL's SFTTrainer with its defaults, in one run.

    BAKEOFF_DATA=... python benchmarks/training_speed.py --examples 16 --rounds 2 [--method full]

Both train the same adapter shape (or all weights) on the same model and the same examples: three SQuAD passages, a
question, a short answer, with the loss on the answer only. The rate is the examples' own tokens (no padding) divided by
the wall time of one epoch, without loading the model. The two alternate, and every round is printed.

On a machine that does other work too, wall times say little, because threads wait for each other. Then set
OMP_NUM_THREADS=1 and compare the processor time. It is that of the whole call, including loading the model.
"""

import argparse
import random
import statistics
import tempfile
import time
from pathlib import Path

import datasets
import peft
import torch
from squad_passages import Finder, hybrid_examples, read_squad
from trl import SFTConfig, SFTTrainer

from bakeoff.models.chat import Chat
from bakeoff.models.weights import resolve_model
from bakeoff.tuning.full import FullSettings, train_full
from bakeoff.tuning.lora import Example, TrainingSettings, train_adapter
from bakeoff.tuning.packing import encode

SETTINGS = TrainingSettings(max_epochs=1)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--examples", type=int, default=16)
    arguments.add_argument("--rounds", type=int, default=2)
    arguments.add_argument("--model", default="HuggingFaceTB/SmolLM2-135M-Instruct")
    arguments.add_argument("--method", choices=("lora", "full"), default="lora")
    asked = arguments.parse_args()
    is_full = asked.method == "full"
    model, squad = resolve_model(asked.model), read_squad()
    examples = hybrid_examples(random.Random(0).sample(squad.asked, asked.examples), Finder(squad.passages), 0.15, 0)
    n_tokens = sum(len(example.tokens) for example in encode(Chat(model), examples))
    print(f"{len(examples)} examples, {n_tokens / len(examples):.0f} tokens each", flush=True)
    taken: dict[str, list[tuple[float, float]]] = {"Bakeoff": [], "TRL": []}
    for _ in range(asked.rounds):
        for name, measure in (("Bakeoff", bakeoff_seconds), ("TRL", trl_seconds)):
            began = time.process_time()
            wall = measure(model, examples, is_full)
            taken[name].append((wall, time.process_time() - began))
            print(f"{name:8} wall {wall:6.1f} s {n_tokens / wall:5.0f} tokens/s   "
                  f"processor {taken[name][-1][1]:6.1f} s", flush=True)  # fmt: skip
    for i, what in enumerate(("wall", "processor")):
        ours, theirs = (statistics.median(times[i] for times in taken[name]) for name in ("Bakeoff", "TRL"))
        print(f"median {what} time: Bakeoff is {theirs / ours:.2f} times as fast")


def bakeoff_seconds(model: Path, examples: list[Example], is_full: bool) -> float:
    """Wall time of one epoch."""
    with tempfile.TemporaryDirectory() as folder:
        if is_full:
            return train_full(model, examples, [], FullSettings(max_epochs=1), Path(folder)).seconds
        return train_adapter(model, examples, [], SETTINGS, Path(folder)).seconds


def trl_seconds(model: Path, examples: list[Example], is_full: bool) -> float:
    """Wall time of one epoch.

    All settings are TRL's defaults, except one epoch, the device, the output folder, and no saving or reporting.
    """
    rows = [
        {
            "prompt": [message.model_dump() for message in example.prompt.messages],
            "completion": [{"role": "assistant", "content": example.completion}],
        }
        for example in examples
    ]
    lora = peft.LoraConfig(task_type="CAUSAL_LM", r=SETTINGS.rank, lora_alpha=SETTINGS.alpha,
                           target_modules=list(SETTINGS.target_modules))  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        trainer = SFTTrainer(
            model=str(model),
            args=SFTConfig(
                output_dir=folder,
                num_train_epochs=1,
                use_cpu=not torch.cuda.is_available(),
                save_strategy="no",
                report_to="none",
                disable_tqdm=True,
            ),
            train_dataset=datasets.Dataset.from_list(rows),
            peft_config=None if is_full else lora,
        )
        return float(trainer.train().metrics["train_runtime"])


if __name__ == "__main__":
    main()
