"""A run on the disk: its configuration, its folder, the environment it was made in."""
