"""The gate: whether a candidate replaces what is served. Statistics and records; it knows no model and no server."""
