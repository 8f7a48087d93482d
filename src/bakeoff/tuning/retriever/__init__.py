"""Tuning what retrieval is made of: the embedder of an index, and a reranker that reads questions with passages."""
