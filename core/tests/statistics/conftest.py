"""The reference values, each confirmed by two independent routes (see the file's `about`)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

_VECTORS = Path(__file__).parent / "data" / "statistics_vectors.json"


@pytest.fixture(scope="session")
def vectors() -> dict[str, Any]:
    rows = json.loads(_VECTORS.read_text())["vectors"]
    return {row["id"]: row for row in rows}
