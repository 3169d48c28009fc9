"""Built-in metrics: one number for one candidate, finite and within its declared bounds.

Metrics of an answer score the parsed answer when the candidate has extractions, else its raw
output; they compare it with the item's reference answer, or the best of a list of them.
"""
