"""Calls a function on the bytes of a file in a process of its own, with limits of time and memory.

Takes the function's place, a name and bytes; gives JSON values. Knows no format.
"""
