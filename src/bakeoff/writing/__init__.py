"""What can be said about any text by how it is written: its scripts, where sentences and words end, its language."""
