"""A comparison to a decision: verdict, effects, measured matrix, sensitivity, claims."""
