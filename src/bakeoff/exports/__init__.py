"""Exports: what a run measured or a server logged, in the formats of other tools; one module for each form.

Takes a finished run or a deployment, gives files or folders that did not exist before. Nothing is sent anywhere unless
an address is given, and no value of an environment variable is written.
"""
