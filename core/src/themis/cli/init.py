"""`themis init`: a project that runs at once."""

from __future__ import annotations

from pathlib import Path

import click

from themis.cli.examples import examples
from themis.cli.output import json_option, print_json

__all__ = ["init"]

_EXPERIMENT = """\
# One model, asked the cases in cases.jsonl. Run it with: themis run experiment.yaml
# It needs neither network nor key: demo:sim is a simulated model that makes mistakes. With the
# distribution themis-openai and OPENAI_API_KEY set, write openai:gpt-4o-mini in its place.

generation:
  generator: demo:sim
  prompt_spec:
    instructions: Think step by step, and end with the number.
  candidate_policy:
    num_samples: 1

evaluation:
  # How the answer is read out of the output, tried in order, and how it is scored.
  parsers: [math_answer, first_number]
  metrics: [numeric_match]

datasets: [cases.jsonl]

storage:
  store: sqlite
  parameters:
    path: .themis
"""
_CASES = """\
{"case_id": "pencils", "input": "Grace has 22 pencils. She buys 7 boxes with 6 pencils in each \
box. How many pencils does Grace have now?", "expected_output": 64}
{"case_id": "ferry", "input": "A ferry travels at 105 km per hour for 5 hours. How many \
kilometres does it travel?", "expected_output": 525}
{"case_id": "seats", "input": "A hall has 14 rows with 12 seats in each row. How many seats does \
the hall have?", "expected_output": 168}
{"case_id": "apples", "input": "Omar has 45 apples. He gives 17 apples away. How many apples does \
Omar have now?", "expected_output": 28}
"""
_README = """\
# An evaluation with Themis

    themis preview experiment.yaml     what is sent
    themis run experiment.yaml         ask, score, and show the result
    themis report RUN                  all of it; RUN is the id that the run shows, or its beginning

* `experiment.yaml`: who is asked, how answers are read and scored. `themis run experiment.yaml
  --set generation.candidate_policy.num_samples=4` changes a key for one run.
* `cases.jsonl`: one case a line, with `input` and `expected_output`. Replace them with yours.
* `.themis`: the store. Every call and score is in it once; running again does only what is new.
"""
_FILES = {
    "experiment.yaml": _EXPERIMENT,
    "cases.jsonl": _CASES,
    "README.md": _README,
    ".gitignore": ".themis/\n",
}


@click.command(
    epilog=examples("themis init my-evaluation", "cd my-evaluation", "themis run experiment.yaml")
)
@click.argument("folder", metavar="[DIR]", type=click.Path(path_type=Path), default=Path())
@json_option
def init(folder: Path, as_json: bool) -> None:
    """Write a small experiment with cases into DIR (or here) that runs at once, without a key.

    Nothing that is there is overwritten.
    """
    there = [name for name in _FILES if (folder / name).exists()]
    if there:
        msg = f"{folder} has {', '.join(there)} already; name another folder, or remove them"
        raise click.UsageError(msg)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in _FILES.items():
            (folder / name).write_text(text, encoding="utf-8")
    except OSError as error:
        msg = f"{folder} cannot be written: {error.strerror or error}"
        raise click.UsageError(msg) from error
    if as_json:
        print_json({"folder": str(folder), "files": sorted(_FILES)})
        return
    click.echo(f"wrote {', '.join(_FILES)}. Next:")
    if folder != Path():
        click.echo(f"  cd {folder}")
    click.echo("  themis run experiment.yaml")
