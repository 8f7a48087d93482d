"""Reads the question files of other tools: each module recognises one format and renames its cells to Bakeoff's fields.

Takes records, gives records. `recognise.converted` tries them all. Formats are recognised by the names of columns only.
"""
