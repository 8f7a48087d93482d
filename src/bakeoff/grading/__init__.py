"""Grades an answer against the accepted answers by rules. Knows nothing about contenders or runs."""
