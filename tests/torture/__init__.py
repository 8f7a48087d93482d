"""What Bakeoff promises about kills, bills, load and hostile input, tried with a seed.

`make torture` runs every promise in full and writes one table; `test_short.py` runs a short form of each in CI.
"""
