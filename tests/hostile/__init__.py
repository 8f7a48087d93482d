"""Hostile files: bombs, loops, lies about sizes, cut and changed files, by their kinds. Made from a seed, never kept.

`KINDS` in each module names makers: a maker takes a source of chance and a size in bytes, gives an ending and bytes.
"""
