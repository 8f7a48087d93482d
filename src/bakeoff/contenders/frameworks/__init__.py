"""Systems built with LangChain, LlamaIndex, Haystack and DSPy as contenders, one module for each library.

Takes such an object, or a function that builds one from the run's documents; gives what `contenders.custom` and
`contenders.own_retriever` accept. Imports a library only when its object is used.
"""
