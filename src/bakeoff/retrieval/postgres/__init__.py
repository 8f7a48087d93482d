"""The index in a database of PostgreSQL with pgvector."""
