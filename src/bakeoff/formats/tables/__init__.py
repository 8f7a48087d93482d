"""Rows of cells and JSON: where headers are, which rows are texts, and how values are written."""
