"""`themis quick-eval`: a model and a few questions, without a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
import click

from themis.cli.examples import examples
from themis.cli.experiment_file import experiment_run
from themis.cli.output import json_option
from themis.cli.project_file import plugin_config
from themis.cli.run_options import progress_options
from themis.cli.run_outcome import run_and_finish
from themis.cli.run_store import store_option
from themis.errors import SpecIssue

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from themis.experiment.running import ExperimentRun
    from themis.specs.positions import KeyPath

__all__ = ["quick_eval"]

_OPTIONS: Mapping[KeyPath, str] = {
    ("generation", "generator"): "--model",
    ("generation", "candidate_policy", "num_samples"): "--samples",
    ("evaluation", "metrics"): "--metric",
    ("evaluation", "parsers"): "--parser",
}
"""The options that fields of the experiment are made of."""


def _model_option(command: Callable[..., Any]) -> Callable[..., Any]:
    return click.option(
        "--model",
        metavar="REF",
        required=True,
        help="Who is asked: ENGINE:MODEL, openai:gpt-4o-mini say; or an engine alone.",
    )(command)


def _limit_option(command: Callable[..., Any]) -> Callable[..., Any]:
    return click.option(
        "--limit",
        type=click.IntRange(min=1),
        help="Ask at most this many: a sample, the same one each time. Of a benchmark, per slice.",
    )(command)


def _measuring_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """How answers are read and scored, and how often each case is asked."""
    command = click.option(
        "--samples", type=click.IntRange(min=1), default=1, show_default=True, help="Per case."
    )(command)
    command = click.option(
        "--parser",
        "parsers",
        metavar="REF",
        multiple=True,
        help="How the answer is read out of the output; several are tried in order. [default: the "
        "whole output is the answer]",
    )(command)
    return click.option(
        "--metric",
        "metrics",
        metavar="REF",
        multiple=True,
        default=("exact_match",),
        show_default=True,
        help="How answers are scored; may be repeated.",
    )(command)


def _field_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Which fields of a row are a case's."""
    command = click.option(
        "--expected-field", default="expected_output", show_default=True, help="The reference."
    )(command)
    return click.option("--input-field", default="input", show_default=True, help="What is asked.")(
        command
    )


def _run_options(command: Callable[..., Any]) -> Callable[..., Any]:
    return store_option(progress_options(json_option(command)))


@click.group(
    name="quick-eval",
    epilog=examples(
        "themis quick-eval inline --model demo:sim --input 'What is 2 + 2?' --expected 4",
        "themis quick-eval file cases.jsonl --model openai:gpt-4o-mini --metric contains",
        "themis quick-eval benchmark word-problems --model demo:sim --limit 20",
    ),
)
def quick_eval() -> None:
    """Ask a model and score its answers, without writing a file first.

    Everything is recorded in the store, as any run: report, inspect and compare work on it.
    """


@quick_eval.command(
    epilog=examples(
        "themis quick-eval inline --model demo:sim --input 'What is 2 + 2?' --expected 4",
        "themis quick-eval inline --model echo --metric contains \\",
        "    --input 'Say yes' --expected yes --input 'Say no' --expected no",
    )
)
@_model_option
@click.option(
    "--input", "inputs", metavar="TEXT", multiple=True, required=True, help="What is asked."
)
@click.option(
    "--expected",
    "expected",
    metavar="TEXT",
    multiple=True,
    required=True,
    help="The reference answer of the --input at the same place. It is never sent.",
)
@_measuring_options
@_run_options
def inline(
    inputs: tuple[str, ...], expected: tuple[str, ...], store: Path | None, **given: Any
) -> None:
    """Ask what stands on the command line: pairs of --input and --expected."""
    if len(inputs) != len(expected):
        msg = f"{len(inputs)} --input and {len(expected)} --expected; give one for each"
        raise click.UsageError(msg)
    cases = [
        {"input": asked, "expected_output": answer}
        for asked, answer in zip(inputs, expected, strict=True)
    ]
    _run(_execution({"dataset_id": "inline", "cases": cases}, given), store, given)


@quick_eval.command(
    epilog=examples("themis quick-eval file cases.jsonl --model demo:sim --metric numeric_match")
)
@click.argument("file", type=click.Path(exists=True, path_type=Path))
@_model_option
@_field_options
@_limit_option
@_measuring_options
@_run_options
def file(file: Path, store: Path | None, **given: Any) -> None:
    """Ask the rows of FILE: JSONL, JSON, CSV, TSV or Parquet."""
    source = {"source": "local", "dataset_id": str(file)}
    _run(_execution(_dataset(source, given), given), store, given)


@quick_eval.command(
    epilog=examples(
        "themis quick-eval huggingface openai/gsm8k:main --model openai:gpt-4o-mini \\",
        "    --input-field question --expected-field answer --limit 50 --parser math_answer \\",
        "    --metric numeric_match",
    )
)
@click.argument("dataset", metavar="DATASET[:CONFIG]")
@_model_option
@click.option("--split", default="test", show_default=True, help="Which split is read.")
@click.option("--revision", help="A tag, branch or commit: without one the data may change.")
@_field_options
@_limit_option
@_measuring_options
@_run_options
def huggingface(
    dataset: str, split: str, revision: str | None, store: Path | None, **given: Any
) -> None:
    """Ask the rows of a DATASET of the Hugging Face hub; needs the extra `huggingface`."""
    source = {"source": "huggingface", "dataset_id": dataset, "split": split, "revision": revision}
    _run(_execution(_dataset(source, given), given), store, given)


@quick_eval.command(
    epilog=examples("themis quick-eval benchmark word-problems --model demo:sim --limit 20")
)
@click.argument("name")
@_model_option
@_limit_option
@_run_options
def benchmark(name: str, store: Path | None, **given: Any) -> None:
    """Ask the catalogue's benchmark NAME, as `themis catalog run` does, or a sample of it."""
    from themis.catalog.running import catalog_run
    from themis.plugin.registry import PluginRegistry

    registry = PluginRegistry(config=plugin_config(None))
    _run(catalog_run(name, model=given["model"], registry=registry), store, given)


def _dataset(source: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    return {
        "source": source,
        "input": given["input_field"],
        "expected_output": given["expected_field"],
    }


def _execution(dataset: dict[str, Any], given: dict[str, Any]) -> ExperimentRun:
    from themis.experiment.experiment import Experiment
    from themis.experiment.wording import read_as

    generation = {
        "generator": given["model"],
        "candidate_policy": {"num_samples": given["samples"]},
    }
    evaluation = {"metrics": list(given["metrics"]), "parsers": list(given["parsers"])}
    written = {"generation": generation, "evaluation": evaluation, "datasets": [dataset]}
    experiment = read_as(Experiment, written, say=_said)
    return experiment_run(experiment.written(_said))


def _said(path: KeyPath, message: str) -> SpecIssue:
    """A finding of the option that a field of the experiment was made of."""
    from themis.experiment.wording import renamed

    return SpecIssue(message, key=renamed(path, _OPTIONS, single=frozenset(_OPTIONS.values())))


def _run(execution: ExperimentRun, store: Path | None, given: dict[str, Any]) -> None:
    if given.get("limit"):
        execution = attrs.evolve(execution, compiled=execution.compiled.limited(given["limit"]))
    run_and_finish(
        execution,
        store,
        progress=given["progress"],
        log_json=given["log_json"],
        as_json=given["as_json"],
    )
