"""Serving: the contender that was measured, behind the API that chat clients speak.

Takes HTTP requests, gives answers with citations. Importing this package loads no web framework.
"""
