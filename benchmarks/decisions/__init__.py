"""Simulations of the verdict: pilots with known truth, judged as a finished run is."""
