"""Laws of the literature in miniature: an invented world, small trainings, and the rule that decides what was seen."""
