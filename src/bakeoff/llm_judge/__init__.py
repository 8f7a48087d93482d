"""A language model that judges long answers and those that the rules are unsure of, once it agrees with people."""
