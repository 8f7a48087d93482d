"""Bakeoff answers "RAG, fine-tuning, or both?" for a team's own documents and questions, by measurement."""

__version__ = "0.1.0"
