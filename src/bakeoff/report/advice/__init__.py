"""Advice as a page, Markdown and calendar."""
