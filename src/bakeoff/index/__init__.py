"""Chunks to what can be searched: embedders, and the index of BM25 and vectors that stays in step with the store.

Reading order: `embed` (texts to vectors), `fuse` (two rankings to one), `table` (the folder), `hybrid` (the index).
Knows nothing about generators or questions.
"""
