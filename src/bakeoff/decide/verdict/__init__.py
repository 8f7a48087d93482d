"""Turns a comparison into a decision: verdict, effects, measured matrix, sensitivity, claims."""
