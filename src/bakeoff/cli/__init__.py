"""The command line: `bakeoff run`, `report` and the other commands. Wiring only."""
