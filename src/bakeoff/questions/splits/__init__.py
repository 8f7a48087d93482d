"""Splits questions into train, dev and test, finds leaks between them, and says what a set of questions allows.

Takes questions with facts. Knows no files.
"""
