"""One file for each way to run a model that generates text."""
