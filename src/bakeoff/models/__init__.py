"""Models by name: their weights, prompts and chat templates, and one engine file for each way to run them."""
