"""The demonstration: 400 word problems, asked of two simulated models in two ways.

`benchmark.toml` is the benchmark, `word_problems.jsonl` its items, and `make_word_problems.py`
wrote them.
"""
