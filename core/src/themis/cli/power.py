"""`themis power`: how many items a comparison needs, before it is run."""

from __future__ import annotations

import math

import attrs
import click

from themis.cli.output import json_option, print_json

__all__ = ["power"]


@attrs.frozen(slots=True, kw_only=True)
class _Question:
    """What is asked of the number of items; exactly one way to describe the spread is set."""

    difference: float
    discordant: float | None
    spread: float | None
    baseline: float | None
    level: float
    power: float

    def items(self) -> tuple[float, str]:
        """The items needed, and what they are items of."""
        from themis.statistics import (
            fewest_pairs,
            items_for_paired_proportions,
            items_for_pairs,
            items_for_proportions,
        )

        asked = {"level": self.level, "power": self.power}
        if self.discordant is not None:
            needed = items_for_paired_proportions(
                self.difference, discordant=self.discordant, **asked
            )
            needed = max(needed, fewest_pairs(self.level))
            return needed, "items that both models answer, right or wrong"
        if self.spread is not None:
            needed = items_for_pairs(self.difference, spread=self.spread, **asked)
            needed = max(needed, fewest_pairs(self.level))
            return needed, "items that both models are scored on"
        assert self.baseline is not None
        other = self.baseline + self.difference
        needed = items_for_proportions(self.baseline, other, **asked)
        return needed, "items for each of two models that share none"


@click.command()
@click.option("--difference", type=float, required=True, help="The difference to find, 0.05 say.")
@click.option(
    "--discordant", type=float, help="Right or wrong: the share of items the models differ on."
)
@click.option("--spread", type=float, help="Scores: the standard deviation of the differences.")
@click.option("--baseline", type=float, help="No shared items: what one model gets right.")
@click.option("--level", type=float, default=0.95, show_default=True, help="Of the intervals.")
@click.option("--power", "chance", type=float, default=0.8, show_default=True, help="To find it.")
@json_option
def power(
    difference: float,
    discordant: float | None,
    spread: float | None,
    baseline: float | None,
    level: float,
    chance: float,
    as_json: bool,
) -> None:
    """Say how many items it takes to find a difference, if there is one.

    Give one of --discordant, --spread and --baseline.
    """
    if sum(value is not None for value in (discordant, spread, baseline)) != 1:
        msg = "give one of --discordant, --spread and --baseline: how much the scores vary"
        raise click.UsageError(msg)
    asked = _Question(
        difference=difference,
        discordant=discordant,
        spread=spread,
        baseline=baseline,
        level=level,
        power=chance,
    )
    try:
        needed, what = asked.items()
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    if as_json:
        print_json({**attrs.asdict(asked), "items": math.ceil(needed), "of": what})
    else:
        click.echo(f"{math.ceil(needed):,} {what}")
        told = f"find a difference of {difference:g} {chance:.0%} of the time, at {level:.0%}"
        click.echo(told, err=True)
