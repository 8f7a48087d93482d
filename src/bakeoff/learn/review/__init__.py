"""From feedback to reviewed questions: what to look at and why, what to be warned of, the page, and accuracy in use."""
