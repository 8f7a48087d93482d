"""Answers to scores: collecting answers, the measures, and the statistics."""
