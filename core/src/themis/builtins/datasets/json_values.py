"""How rows in JSON are decoded: what is no JSON value is refused, and not read as a number."""

from __future__ import annotations

import json
import math
from typing import Never

__all__ = ["STRICT_JSON"]


def _refuse(name: str) -> Never:
    msg = f"{name} is no JSON value; write null, or leave the field out"
    raise ValueError(msg)


def _finite(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        msg = f"{text[:40]} is too large a number; write it as text"
        raise ValueError(msg)
    return value


STRICT_JSON = json.JSONDecoder(parse_constant=_refuse, parse_float=_finite)
"""Refuses NaN, Infinity and numbers beyond any float with a ValueError."""
