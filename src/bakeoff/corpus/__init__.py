"""Reads documents from sources, cuts them into chunks, and keeps them in the document store.

Read in this order: `sources.folders` (folders and files to documents), `chunk`, `store`. Knows neither models nor
questions.
"""
