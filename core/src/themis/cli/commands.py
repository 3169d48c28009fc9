"""The table of commands: where each one is, and its line in `themis --help`."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import attrs

__all__ = ["COMMANDS", "CommandEntry"]


@attrs.frozen(slots=True)
class CommandEntry:
    """A command: `module:attribute` of a click command, and what it does in a line."""

    target: str
    help: str


COMMANDS: Mapping[str, CommandEntry] = MappingProxyType({
    "init": CommandEntry("themis.cli.init:init", "Start a project that runs at once."),
    "quick-eval": CommandEntry("themis.cli.quick_eval:quick_eval", "Ask a model a few things now."),
    "run": CommandEntry("themis.cli.run:run", "Run a benchmark or experiment: what is missing."),
    "resume": CommandEntry("themis.cli.run:resume", "Go on with an interrupted or failed run."),
    "replay": CommandEntry("themis.cli.replay:replay", "Do a stage again from what is stored."),
    "plan": CommandEntry("themis.cli.planned:plan", "Compile a file and persist its plan."),
    "preview": CommandEntry("themis.cli.planned:preview", "Show exactly what would be sent."),
    "estimate": CommandEntry("themis.cli.planned:estimate", "Work, tokens and cost beforehand."),
    "diff": CommandEntry("themis.cli.planned:diff", "What changed, and what would run again."),
    "submit": CommandEntry("themis.cli.submit:submit", "Plan a file's run, and let it wait."),
    "worker": CommandEntry("themis.cli.worker:worker", "Execute the runs that wait, here."),
    "batch": CommandEntry("themis.cli.worker:batch", "Execute batch manifests, here."),
    "catalog": CommandEntry("themis.cli.catalog:catalog", "Benchmarks by name: list, show, run."),
    "runs": CommandEntry("themis.cli.runs:runs", "List the runs in a store."),
    "progress": CommandEntry("themis.cli.runs:progress", "How far a run is, from any shell."),
    "report": CommandEntry("themis.cli.runs:report", "Report a run as text, Markdown, HTML, ..."),
    "compare": CommandEntry("themis.cli.compare:compare", "Two results, on the items of both."),
    "gate": CommandEntry("themis.cli.gate:gate", "Fail if a run is worse than those before it."),
    "history": CommandEntry("themis.cli.history:history", "The runs that count for gates."),
    "power": CommandEntry("themis.cli.power:power", "How many items a comparison needs."),
    "judge-agreement": CommandEntry(
        "themis.cli.run_figures:judge_agreement", "How far the judges of a run agree."
    ),
    "ratings": CommandEntry("themis.cli.run_figures:ratings", "Rate models by preferences."),
    "calibration": CommandEntry("themis.cli.run_figures:calibration", "Is confidence earned?"),
    "quickcheck": CommandEntry("themis.cli.quickcheck:quickcheck", "Is a run worth believing?"),
    "inspect": CommandEntry("themis.cli.inspect:inspect", "Show a run or part of it as recorded."),
    "export": CommandEntry("themis.cli.bundles:export_bundle", "Write a stage of a run to a file."),
    "import": CommandEntry("themis.cli.bundles:import_bundle", "Take such a file into a store."),
    "store": CommandEntry("themis.cli.store:store", "Verify, rebuild, weigh or copy a store."),
    "lock": CommandEntry("themis.cli.lock:lock", "Write down exactly which plugins a file uses."),
    "plugins": CommandEntry("themis.cli.plugins:plugins", "List, show and explain plugins."),
})  # fmt: skip
