"""A store whose truth is a folder of JSON lines; a database beside it can be made anew from them.

`themis_jsonl.store:jsonl_store` opens one; projects name the backend `jsonl`.
"""

from __future__ import annotations

__all__ = ["__version__"]

__version__ = "0.1.0"
