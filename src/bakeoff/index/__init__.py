"""Chunks to what can be searched: embedders, and the index that holds BM25 and vectors and stays in step with the store.

Reading order: `embed` (texts to vectors), `hybrid` (the index). Knows nothing about generators or questions.
"""
