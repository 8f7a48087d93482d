"""Decides which questions ask for the same thing, and whether answers are labels of a closed set.

Takes questions, gives questions with facts and kinds. Knows no files.
"""
