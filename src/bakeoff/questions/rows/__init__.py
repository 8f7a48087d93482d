"""Reads question files into rows, and the cells of rows into values.

Takes paths and the columns that a user maps, gives rows under Bakeoff's fields, and notes. Knows no documents.
"""
