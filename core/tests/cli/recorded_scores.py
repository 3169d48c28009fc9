"""Scores of recorded runs: 40 items of one model, each with a value of its own."""

from __future__ import annotations

ITEMS = [f"i{k}" for k in range(40)]


def scored(shift: float):
    return lambda cell: int(cell.item_id[1:]) / 40 + shift * (1 + int(cell.item_id[1:]) % 3)


ALIKE = scored(0.0)
