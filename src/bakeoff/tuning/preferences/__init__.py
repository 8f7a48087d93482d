"""Tuning from what people prefer: pairs of answers (DPO) and thumbs (KTO)."""
