"""Who does the work of a run besides the main process: processes on this machine, or the nodes of a Ray cluster."""
