"""What a model, a file or an author named is shown as text, in whatever form it is written."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import os
import pty
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from click.testing import CliRunner

from themis import (
    BenchmarkSpec,
    InMemoryRunStore,
    Orchestrator,
    PluginRegistry,
    ProjectSpec,
    evaluate,
)
from themis.cli import main
from themis.errors import InferenceError
from themis.records import MetricScore
from themis.reporting.reporter import Reporter
from themis.reporting.tables import csv_table
from themis.results.tables import text_table
from themis.specs import SqliteBlobStorageSpec

HOSTILE = (
    "=cmd|' /C calc'!A0 <script>alert(1)</script><img src=x onerror=alert(2)>\"'> \x1b[31mred"
    "\x1b]8;;http://evil.test\x07\x9b2J\u202egnp.exe\u2066\r\n# [x](javascript:alert(3)) "
    "![i](http://evil.test) | a | `b` <!-- $\\input{/etc/passwd} \\write18{ls}$ %0A ]]> &lt;b&gt; "
    "\\end{tabular} \x00\u2028end"
)
FORMS = ("text", "markdown", "csv", "json", "latex", "html")
CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")


class Hostile:
    """Says what is hostile; fails so for one item."""

    version = "1.0"

    def infer(self, trial, context, runtime):
        if trial.item_id.startswith("fails"):
            raise InferenceError(f"refused: {HOSTILE}", retryable=False)
        return HOSTILE

    def fingerprint(self):
        return "hostile"


class Telling:
    """A metric whose details and errors are hostile."""

    version = "1.0"
    component_id = "telling"

    def score(self, trial, candidate, context):
        if trial.item_id.startswith("scores"):
            raise ValueError(HOSTILE)
        return MetricScore(metric_id="telling", value=1.0, details={HOSTILE: HOSTILE})


def benchmark():
    return BenchmarkSpec.model_validate(
        {
            "benchmark_id": HOSTILE,
            "models": [
                {"model_id": HOSTILE, "provider": "hostile"},
                {"model_id": "=b", "provider": "hostile"},
            ],
            "prompt_variants": [
                {
                    "id": HOSTILE,
                    "messages": [{"role": "user", "content": HOSTILE.replace("{", "(")}],
                }
            ],
            "inference_grid": {"params": [{}]},
            "slices": [
                {
                    "slice_id": HOSTILE,
                    "dataset": {"source": "memory", "dataset_id": HOSTILE, "revision": HOSTILE},
                    "dimensions": {"@SUM(1+1)": HOSTILE},
                    "generation": {},
                    "parses": [{"name": HOSTILE, "extractors": ["first_number"]}],
                    "scores": [{"name": HOSTILE, "metrics": ["telling", "exact_match"]}],
                }
            ],
        }
    )


ITEMS = [
    {"item_id": f"{name} {HOSTILE}", "answer": HOSTILE, HOSTILE: HOSTILE}
    for name in ("says", "fails", "scores", "+1+1")
]


def themis(*command):
    done = CliRunner().invoke(main, [*command, "--store", "store"])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exc_info
    return done.stdout


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """What every command says of a hostile run, by form and command."""
    folder = tmp_path_factory.mktemp("hostile")
    registry = PluginRegistry()
    registry.register_inference_engine("hostile", Hostile())
    registry.register_metric("telling", Telling())
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        project = ProjectSpec(
            project_name=HOSTILE,
            storage=SqliteBlobStorageSpec(root_dir="store"),
            metadata={"m": HOSTILE},
        )
        with Orchestrator.from_project_spec(
            project, registry=registry, dataset_loader=lambda _: ITEMS
        ) as orchestrator:
            result = orchestrator.run_benchmark(benchmark())
            told = commands(result)
            told["html", "notebook"] = result._repr_html_()
            reporter = Reporter(orchestrator.db_manager)
            for form in ("json", "markdown", "latex", "csv"):
                told[form, "reporter"] = getattr(reporter, f"export_{form}")(result.run_id)
            told["terminal", "repr"] = f"{result!r}\n{result}"
    return told


def commands(result):
    run, trial = result.run_id, result.trial_hashes[0]
    candidate = result.get_trial(trial).candidates[0].candidate_id
    said = [
        ("runs",), ("progress", run), ("quickcheck", run), ("inspect", "snapshot", run),
        ("inspect", "state", run), ("inspect", "trial", run, trial),
        ("inspect", "candidate", run, candidate), ("inspect", "timeline", run, trial),
        ("inspect", "evaluation", run, ITEMS[0]["item_id"], "telling", "--case-key", trial),
        ("compare", run, run), ("gate", run, "-o", "gate"), ("history", "show", HOSTILE),
        ("store", "verify"), ("store", "stats"), ("report", "no such\x1b run"),
    ]  # fmt: skip
    told = {("terminal", " ".join(command[:2])): themis(*command) for command in said}
    for command in said[:-1]:
        if command[0] != "history":
            told["json", " ".join(command[:2])] = themis(*command, "--json")
    for form in FORMS:
        told[form, "report"] = themis("report", run, "--format", form)
    for path in Path("gate").iterdir():
        form = {".md": "markdown", ".xml": "junit", ".json": "json"}[path.suffix]
        told[form, path.name] = path.read_text(encoding="utf-8")
    return told


def of(told, *forms):
    found = {name: text for (form, name), text in told.items() if form in forms}
    assert found
    assert any("end" in text for text in found.values())
    return found


def test_no_control_sequence_reaches_a_terminal(told):
    for name, text in of(told, "terminal", "text", "markdown", "latex", "html", "junit").items():
        found = CONTROLS.search(text)
        assert found is None, (name, text[max(0, found.start() - 60) :][:120])


def test_json_is_json_and_spells_control_characters_out(told):
    for name, text in of(told, "json").items():
        if text.strip():
            json.loads(text)
        assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f]", text), name


class Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))


def test_html_has_no_markup_of_anybody_elses(told):
    for name, text in of(told, "html").items():
        tags = Tags()
        tags.feed(text)
        assert {"script", "img", "a", "b", "iframe"}.isdisjoint(tag for tag, _ in tags.found), name
        for _, attributes in tags.found:
            assert not any(key.startswith("on") or key in {"src", "href"} for key in attributes)
        assert "<!--" not in text


def test_markdown_has_no_markup_of_anybody_elses(told):
    for name, text in of(told, "markdown").items():
        assert not re.search(r"<(script|img|b|!--)", text), name
        assert not re.search(r"(?<!\\)(!\[|\]\(|`b`)", text), name
        assert not re.search(r"^# \[", text, re.MULTILINE), name
        for table in re.findall(r"(?:^\|.*\|\n?)+", text, re.MULTILINE):
            cells = [len(re.findall(r"(?<!\\)\|", line)) for line in table.strip().split("\n")]
            assert len(set(cells)) == 1, (name, table)


def test_latex_has_no_command_of_anybody_elses(told):
    for name, text in of(told, "latex").items():
        assert not re.search(r"\\(input|write18|immediate)", text), name
        assert text.count(r"\end{tabular}") == text.count(r"\begin{tabular}"), name
        assert not re.search(r"(?<!\\)[%#]0A", text), name


def test_no_cell_of_a_csv_is_a_formula(told):
    for name, text in of(told, "csv").items():
        rows = [row for row in csv.reader(io.StringIO(text, newline="")) if row]
        assert len({len(row) for row in rows}) == 1, name
        for cell in (cell for row in rows for cell in row):
            assert not re.match(r"\s*[=@\t\r\n\uff1d\uff0b\uff0d\uff20]", cell), cell[:40]
            assert not cell.startswith(("+", "-")) or re.fullmatch(r"[-+]?[\d.e+-]+", cell), cell[
                :40
            ]


def test_a_csv_on_a_terminal_has_its_control_characters_spelled_out():
    script = f"from themis.cli.output import print_document; print_document({HOSTILE!r})"
    ours, theirs = pty.openpty()
    with subprocess.Popen([sys.executable, "-c", script], stdout=theirs):
        os.close(theirs)
        shown = b""
        with contextlib.suppress(OSError):  # the other end is closed
            while piece := os.read(ours, 4096):
                shown += piece
    os.close(ours)
    assert rb"\x1b[31mred" in shown
    assert not CONTROLS.search(re.sub(r"\r+\n", "", shown.decode()))


def test_junit_is_xml_with_what_was_said_as_text(told):
    known = {"testsuites", "testsuite", "testcase", "failure", "skipped", "system-out"}
    for text in of(told, "junit").values():
        tree = ET.fromstring(text)
        assert {element.tag for element in tree.iter()} <= known
        assert "<script>" in "".join(str(element.attrib) for element in tree.iter())


@pytest.mark.parametrize(
    "start",
    [
        "=",
        "+",
        "-",
        "@",
        "\t=",
        "\r=",
        "\n=",
        " =",
        "\u00a0=",
        "\uff1d",
        "\uff0b",
        "\uff0d",
        "\uff20",
        "\x00=",
    ],
)
def test_whatever_a_spreadsheet_takes_for_a_formula_is_text(start):
    [_, [cell]] = csv.reader(io.StringIO(csv_table([{"said": f"{start}1+1"}])))
    assert cell.startswith("'")


def test_a_table_of_a_terminal_keeps_its_lines():
    assert len(text_table([{"a": HOSTILE, "b": 1}]).splitlines()) == 3


class Surrogates:
    """Fails with a text that UTF-8 has no form for; models do write such."""

    version = "1.0"

    def infer(self, trial, context, runtime):
        raise InferenceError("\ud83d", retryable=False)

    def fingerprint(self):
        return "surrogates"


def test_a_report_with_a_lone_surrogate_can_be_written(tmp_path):
    with InMemoryRunStore() as store:
        result = evaluate(
            model=Surrogates(),
            data=[{"input": "a", "expected_output": "b"}],
            metric="exact_match",
            store=store,
        )
        assert result.failures
        for form in ("csv", "md", "tex", "html", "json"):
            assert Reporter(store).write(result.run_id, tmp_path / f"r.{form}").stat().st_size
