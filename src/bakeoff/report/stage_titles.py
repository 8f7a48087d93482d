"""The stages of a run as a reader meets them, by their names in stages.jsonl."""

STAGES = {
    "read": "Read documents",
    "load": "Load models",
    "index": "Index",
    "train": "Train",
    "calibrate": "Calibrate",
    "latency": "Ask one by one",
    "answer": "Ask the test",
    "update-index": "Index the update",
    "update-train": "Train on the update",
    "answer-updated": "Ask about the update",
    "compare": "Compare",
}
