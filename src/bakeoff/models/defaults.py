"""Defaults and limits of models that the command line names. Imports nothing, so that every command starts at once."""

DEFAULT_EMBEDDER = "sentence-transformers/all-MiniLM-L6-v2"
MOST_CONCURRENCY = 256
"""The most requests that a model behind a server gets at the same time."""
