"""Built-in extractors: they read an answer out of what a model said.

Each is total (text it cannot read is a failed extraction with a reason, never an exception), pure,
and linear in the length of the text.
"""
