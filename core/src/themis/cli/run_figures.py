"""`themis judge-agreement`, `ratings` and `calibration`: figures of a run beside its means."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from themis.cli.examples import examples
from themis.cli.output import json_option, print_json
from themis.cli.run_store import open_run_store, store_option

if TYPE_CHECKING:
    from themis.results import BenchmarkResult

__all__ = ["calibration", "judge_agreement", "ratings"]

_SCALES = ("nominal", "ordinal", "interval", "ratio")
_AGREED = (
    "metric_id",
    "method",
    "judges",
    "value",
    "ci_lower",
    "ci_upper",
    "n",
    "n_items",
    "reason",
)
_RATED = ("player", "strength", "ci_lower", "ci_upper", "wins", "losses", "ties")
_CALIBRATED = (
    *("model_id", "n", "n_items", "left_out", "mean_confidence", "accuracy"),
    *("brier", "brier_ci_lower", "brier_ci_upper", "ece", "reason"),
)


@click.command(
    epilog=examples(
        "themis judge-agreement 80d6e040e280",
        "themis judge-agreement 80d6e040e280 --metric judge_panel --scale ordinal",
    )
)
@click.argument("run_id", metavar="RUN")
@store_option
@click.option("--metric", "metric_id", help="Only this metric's judges.")
@click.option(
    "--scale",
    type=click.Choice(_SCALES),
    default="interval",
    show_default=True,
    help="What verdicts are: categories, an order, or numbers.",
)
@json_option
def judge_agreement(
    run_id: str, store: Path | None, metric_id: str | None, scale: Any, as_json: bool
) -> None:
    """How far the judges of RUN agree beyond chance: 1 is fully, 0 as by chance."""
    rows = _figures(
        store, run_id, lambda result: result.judge_agreement(metric_id=metric_id, scale=scale)
    )
    _show(rows, _AGREED, as_json=as_json)


@click.command(
    epilog=examples(
        "themis ratings 80d6e040e280 --metric pairwise_preference",
        "themis ratings 80d6e040e280 --metric pairwise_preference --opponent human --alpha 0.5",
    )
)
@click.argument("run_id", metavar="RUN")
@store_option
@click.option(
    "--metric",
    "metric_id",
    default="pairwise_preference",
    show_default=True,
    help="The metric of preferences: 1 for the model's answer, 0 for the other.",
)
@click.option(
    "--opponent",
    default="opponent",
    show_default=True,
    help="A name for what the models' answers were compared with.",
)
@click.option(
    "--alpha",
    type=click.FloatRange(min=0),
    default=0.0,
    show_default=True,
    help="So many wins of each over each are added: for a model that never won or never lost.",
)
@json_option
def ratings(
    run_id: str, store: Path | None, metric_id: str, opponent: str, alpha: float, as_json: bool
) -> None:
    """Rate the models of RUN by recorded preferences: Bradley-Terry strengths, in log odds."""
    rows = _figures(
        store,
        run_id,
        lambda result: result.preference_ratings(metric_id, opponent=opponent, alpha=alpha),
    )
    _show(rows, _RATED, as_json=as_json)
    if alpha and not as_json:
        click.echo(
            f"regularised: {alpha:g} wins of each over each were added, which draws the strengths "
            "together and makes the intervals narrower than the games alone would"
        )


@click.command(
    epilog=examples(
        "themis calibration 80d6e040e280 --confidence confidence",
        "themis calibration 80d6e040e280 --confidence sure --metric exact_match --json",
    )
)
@click.argument("run_id", metavar="RUN")
@store_option
@click.option(
    "--confidence",
    required=True,
    metavar="FIELD",
    help="A metric, or a field of the parsed answer, that says from 0 to 1 how sure it is.",
)
@click.option("--metric", "metric_id", help="What is right. Default: the run's only other metric.")
@click.option(
    "--bins",
    type=click.IntRange(min=1),
    default=10,
    show_default=True,
    help="Bins of confidence for ece; --json lists them.",
)
@json_option
def calibration(
    run_id: str,
    store: Path | None,
    confidence: str,
    metric_id: str | None,
    bins: int,
    as_json: bool,
) -> None:
    """Whether the answers of RUN are right as often as they are sure: Brier score, and ECE."""
    rows = _figures(
        store,
        run_id,
        lambda result: result.calibration(confidence, metric_id=metric_id, bins=bins),
    )
    _show(rows, _CALIBRATED, as_json=as_json)
    if not as_json:
        click.echo(f"the interval of brier is over items; {rows[0]['ece_reason']}")


def _figures(
    store: Path | None, run_id: str, ask: Callable[[BenchmarkResult], list[dict[str, Any]]]
) -> list[dict[str, Any]]:
    """What a result says; what it cannot say is an error of usage."""
    from themis.results import BenchmarkResult

    with open_run_store(store) as opened:
        result = BenchmarkResult(opened, opened.run(run_id).run_id)
        try:
            return ask(result)
        except ValueError as error:
            raise click.UsageError(str(error)) from error


def _show(rows: Sequence[dict[str, Any]], columns: Sequence[str], *, as_json: bool) -> None:
    from themis.results.tables import text_table

    if as_json:
        print_json(rows)
        return
    told = [{**row, "judges": ", ".join(row["judges"])} if "judges" in row else row for row in rows]
    shown = [name for name in columns if any(row.get(name) is not None for row in told)]
    click.echo(text_table(told, shown))
