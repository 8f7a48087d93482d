"""Answers to scores: the grader, the measures and the loop that collects answers."""
