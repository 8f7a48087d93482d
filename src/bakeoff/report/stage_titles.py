"""The titles of a run's stages in the report, by their names in stages.jsonl."""

STAGES = {
    "race": "Race",
    "reading": "Read documents",
    "read": "Store documents",
    "load": "Load models",
    "index": "Index",
    "present": "Choose how passages are shown",
    "train": "Train",
    "calibrate": "Calibrate",
    "latency": "Measure latency",
    "answer": "Answer the test",
    "update-index": "Re-index",
    "update-train": "Retrain",
    "answer-updated": "Answer after update",
    "judge": "Judge answers",
    "served-dev": "Ask on dev as it would be served",
    "compare": "Compare",
    "synthesize": "Make questions",
}
