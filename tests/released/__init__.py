"""What every release wrote, in one archive for each: a run, its document store, a deployment with its log, labels.

    python -m tests.released.make

writes the archive of this version, once, when it is released: the files that are there are never made again.
`tests/end_to_end/test_released.py` opens all of them.
"""
