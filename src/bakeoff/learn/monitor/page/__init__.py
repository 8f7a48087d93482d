"""The page at /monitor: what is shown of a snapshot (`figures.py`), and its static files, which hold nothing of it."""
