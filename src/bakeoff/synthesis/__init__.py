"""Synthetic questions from documents and other wordings of existing ones, each checked before it is kept.

Takes documents, questions and models, gives question files that a person can review (docs/synthesize.md). `extractive`
makes questions by rules, `writing` by a model, `wordings` in other words, `unanswerable` such without an answer;
`checks` and `copies` drop what does not hold; `making` puts it together; `review` reads what a person says of them.
Does not know how a run uses them: `questions/splits/synthetic.py` decides that.
"""
