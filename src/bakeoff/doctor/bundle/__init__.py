"""A bundle for support: what is known of an installation and a run, without texts and secrets.

Everything in it is a number, yes or no, or a name that stands in Bakeoff's own code. Nothing is taken out of a text.
"""
