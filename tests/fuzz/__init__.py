"""Fuzzing: whatever is read, only a result or one of Bakeoff's own errors comes of it, in bounded time and memory.

    python -m tests.fuzz [--minutes N] [--seed N] [--only TARGET ...] [--coverage]

`--coverage` lets atheris (pip install atheris) choose by the code that is reached; without it, Hypothesis chooses.
"""
