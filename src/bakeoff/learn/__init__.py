"""Learning from use: what users say improves what is served, only by measurement, and it can be taken back."""
