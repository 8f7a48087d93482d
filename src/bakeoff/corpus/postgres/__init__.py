"""Documents in a database of PostgreSQL, one schema for each world."""
