"""Questions to training examples, examples to adapters: LoRA fine-tuning of the local model.

Takes questions and passages, gives a folder with a PEFT adapter. Knows nothing about evaluation.
"""
