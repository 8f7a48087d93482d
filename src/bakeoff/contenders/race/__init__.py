"""The settings of a race in bakeoff.yaml, and the candidates that they describe."""
