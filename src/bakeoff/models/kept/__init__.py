"""Completions and vectors of earlier runs, taken again where nothing that they depend on has changed."""
