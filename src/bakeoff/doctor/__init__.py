"""What is wrong with this installation, what to do, and a bundle for support. Each subject has a module.

Takes the settings of a command, gives findings. Knows no stage of a run.
"""
