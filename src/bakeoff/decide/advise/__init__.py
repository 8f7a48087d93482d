"""Advice before a pilot: decision matrix, budgets, risks and a 90-day roadmap."""
