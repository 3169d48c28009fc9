"""Themis's engine for OpenAI and every server that speaks its API.

The engine is `themis_openai.engine:OpenAIEngine`, its settings `themis_openai.config:OpenAIConfig`.
"""

from __future__ import annotations

__all__ = ["__version__"]

__version__ = "0.1.0"
