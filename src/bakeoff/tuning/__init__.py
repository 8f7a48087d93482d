"""Fine-tuning of local models: from examples to adapters. Knows nothing about evaluation."""
