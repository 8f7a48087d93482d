"""Serves a contender of a run: an API, a page, live documents, a log of questions and feedback."""
