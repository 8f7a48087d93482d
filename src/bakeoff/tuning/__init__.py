"""Examples to adapters: fine-tuning of local models. Knows nothing about evaluation."""
