"""A run on the disk: its configuration, its folder, and the environment it was made in."""
