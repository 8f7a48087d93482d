"""The span reader: MiniLM with heads that mark the answer in a passage, or say that there is none."""
