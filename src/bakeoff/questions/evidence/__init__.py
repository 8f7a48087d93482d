"""Finds the evidence of questions in the documents, and says whether a passage holds it.

Takes questions and documents, gives spans. Knows no files and no way of cutting passages.
"""
