"""Turns measurements and a team's profile into a decision: pure functions, one topic per file.

Takes the content of `comparison.json` and a `Profile`. Gives costs, a decision matrix, a roadmap and a verdict. Knows
nothing about models or run folders.
"""
