"""Imports of other tools' data: documents, questions and the answers of systems, as a folder that a pilot starts from.

Takes BEIR folders, data sets of Hugging Face, and the results of Ragas and promptfoo; gives a folder with documents, a
question file, files of recorded answers and bakeoff.yaml. Nothing is downloaded. What cannot be used is counted.
"""
