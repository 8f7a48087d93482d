"""Needs, limits and goals: whether what was measured or estimated meets them."""
