"""Chunks to an index that is searched by words and by vectors, in step with the document store."""
