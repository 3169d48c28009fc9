"""The pictures of the statistics guide, each drawn from what the functions say."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from charts import Interval, Line, intervals, lines

from themis import statistics as ts
from themis.statistics.regression import Measured, RegressionCheck, detect

__all__ = ["PICTURES"]


def means() -> str:
    """Nine right answers of ten, two ways."""
    wald, wilson = ts.wald_interval(9, 10), ts.wilson_interval(9, 10)
    rows = [
        Interval("textbook (Wald)", wald[0], 0.9, wald[1]),
        Interval("Wilson", wilson[0], 0.9, wilson[1]),
    ]
    return intervals("9 of 10 right: where may the truth be?", rows, span=(0.4, 1.2), at=1.0)


def pairs() -> str:
    """The same scores, with and without their pairing."""
    rng = np.random.default_rng(2)
    before = rng.random(60)
    after = before + rng.normal(0.03, 0.06, 60)
    paired, apart = ts.compare(before, after), ts.compare_unpaired(before, after)
    rows = [
        Interval(label, found.ci_lower or 0.0, found.delta_mean or 0.0, found.ci_upper or 0.0)
        for label, found in (("as pairs", paired), ("as strangers", apart))
    ]
    return intervals("One difference, two intervals", rows, span=(-0.1, 0.2), at=0.0)


def verdicts() -> str:
    """What an interval says, with a margin of 0.05."""
    rows = [
        Interval("improved", 0.06, 0.1, 0.14),
        Interval("regressed", -0.13, -0.1, -0.07),
        Interval("equivalent", -0.02, 0.01, 0.04),
        Interval("inconclusive", -0.06, 0.03, 0.12),
    ]
    title = "Verdicts, with a margin of 0.05 (shaded)"
    return intervals(title, rows, span=(-0.2, 0.2), at=0.0, band=(-0.05, 0.05))


def clusters() -> str:
    """Twenty questions of ten passages."""
    rng = np.random.default_rng(4)
    passages = np.repeat(np.arange(20), 10)
    scores = np.repeat(rng.random(20), 10) + rng.normal(0, 0.1, 200)
    known = ts.mean_estimate(scores, clusters=list(passages)), ts.mean_estimate(scores)
    labels = ("20 passages", "200 questions")
    rows = [
        Interval(label, one.ci_lower or 0.0, one.mean or 0.0, one.ci_upper or 0.0)
        for label, one in zip(labels, known, strict=True)
    ]
    return intervals("200 questions about 20 passages", rows, span=(0.3, 0.8))


def families() -> str:
    """The chance of a false alarm, by how many are compared."""
    counts = range(1, 41)
    plain = [(n, 1 - 0.95**n) for n in counts]
    holm = [(n, 1 - (1 - 0.05 / n) ** n) for n in counts]
    drawn = [Line("no correction", plain), Line("Holm", holm)]
    title = "Nothing differs: the chance that something seems to"
    return lines(title, drawn, x=(1, 40, "comparisons"), y=(0, 1, "false alarm"))


def power() -> str:
    """The difference that a number of items shows."""
    counts = range(50, 2001, 50)
    drawn = [
        Line(
            f"{share:.0%} discordant",
            [(n, ts.detectable_difference((share / n) ** 0.5)) for n in counts],
        )
        for share in (0.3, 0.1)
    ]
    axis = (0, 2000, "items that both models answer")
    return lines("What can be found 4 times of 5", drawn, x=axis, y=(0, 0.25, "difference"))


def samples() -> str:
    """Ten samples of which four are right."""
    ks = range(1, 11)
    some = [(k, ts.pass_at_k(10, 4, k) or 0.0) for k in ks]
    every = [(k, ts.pass_hat_k(10, 4, k) or 0.0) for k in ks]
    drawn = [Line("pass@k: any right", some), Line("pass^k: all right", every)]
    return lines("4 of 10 samples right", drawn, x=(1, 10, "k"), y=(0, 1, "chance"))


def agreement() -> str:
    """Two judges who agree on nine of ten, most of it by chance."""
    found = ts.cohen_kappa([[88, 5], [5, 2]])
    rows = [
        Interval("share agreed on", found.observed or 0.0, found.observed or 0.0, 0.9),
        Interval("kappa", found.ci_lower or 0.0, found.value or 0.0, found.ci_upper or 0.0),
    ]
    return intervals("Two judges who nearly always say yes", rows, span=(-0.2, 1.0), at=0.0)


def preferences() -> str:
    """Strengths from games."""
    games = [("A", "B")] * 14 + [("B", "A")] * 6 + [("B", "C")] * 13 + [("C", "B")] * 7
    games += [("A", "C")] * 17 + [("C", "A")] * 3
    found = ts.bradley_terry(games)
    rows = [
        Interval(str(name), value - 1.96 * error, value, value + 1.96 * error)
        for name, value in found.strengths.items()
        for error in (found.standard_errors[name],)
    ]
    return intervals("Strengths from 60 games (log odds)", rows, span=(-2, 2), at=0.0)


def labels() -> str:
    """Forty labels, and four hundred scores of a judge."""
    rng = np.random.default_rng(6)
    truth = rng.random(440)
    judge = truth + 0.2 + rng.normal(0, 0.08, 440)
    powered = ts.prediction_powered_mean(truth[:40], judge[:40], unlabelled=judge[40:])
    alone, fooled = ts.mean_estimate(truth[:40]), ts.mean_estimate(judge)
    rows = [
        Interval(label, one.ci_lower or 0.0, one.mean or 0.0, one.ci_upper or 0.0)
        for label, one in (
            ("40 labels", alone),
            ("440 judge's scores", fooled),
            ("both together", powered),
        )
    ]
    return intervals("A judge that is too kind; the truth is 0.5", rows, span=(0.3, 0.9), at=0.5)


def looking() -> str:
    """Intervals while it runs, with no difference to find."""
    deltas = np.random.default_rng(12).normal(0, 1, 300)
    valid = ts.confidence_sequence(deltas)
    counts = range(15, 301, 5)
    plain = [ts.mean_estimate(deltas[:n]) for n in counts]
    drawn = [
        Line(label, [*upper, *reversed(lower)])
        for label, upper, lower in (
            (
                "anytime-valid",
                [(n, valid.upper[n - 1] or 0.0) for n in counts],
                [(n, valid.lower[n - 1] or 0.0) for n in counts],
            ),
            (
                "ordinary",
                [(one.n, one.ci_upper or 0.0) for one in plain],
                [(one.n, one.ci_lower or 0.0) for one in plain],
            ),
        )
    ]
    title = "Looking while it runs: both ends of each interval"
    return lines(title, drawn, x=(0, 300, "items so far"), y=(-1, 1, "mean difference"))


def calibration() -> str:
    """Confidence against how often it was right."""
    rng = np.random.default_rng(9)
    said = rng.random(4000)
    right = rng.random(4000) < said**1.6
    bins = ts.calibration_bins(said, right)
    points = [(one.mean_confidence or 0.0, one.accuracy or 0.0) for one in bins]
    drawn = [Line("answers", points), Line("calibrated", [(0, 0), (1, 1)])]
    return lines("A model that is too sure", drawn, x=(0, 1, "confidence"), y=(0, 1, "right"))


def regression() -> str:
    """A step out of the noise of the history."""
    history = [0.81, 0.80, 0.82, 0.79, 0.81, 0.80, 0.82, 0.80]
    measured = Measured(variable="accuracy", current=0.70, history=history)
    [row] = detect(measured, [RegressionCheck(method="adaptive")])
    drawn = [
        Line("history", list(enumerate(history, 1)), dots=True),
        Line("this run", [(len(history) + 1, 0.70)], dots=True),
    ]
    title = f"Adaptive check: {row.verdict}; the shade is the noise of the history"
    return lines(title, drawn, x=(0, 10, "runs"), y=(0.6, 0.9, "accuracy"), band=row.band)


PICTURES: dict[str, Callable[[], str]] = {
    draw.__name__: draw
    for draw in (
        means,
        pairs,
        verdicts,
        clusters,
        families,
        power,
        samples,
        agreement,
        preferences,
        labels,
        looking,
        calibration,
        regression,
    )
}
