"""Models by name: their weights, prompts and chat templates, and one file for each engine."""
