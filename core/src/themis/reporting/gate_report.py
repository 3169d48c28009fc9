"""What a gate found, for a terminal, a pull request and a CI server.

Every function takes a document of the report contract: of a result, or of a comparison.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, SubElement, tostring

from themis.reporting.strict_json import write_json
from themis.results.tables import fitted_table, markdown_table, markdown_text, printable

__all__ = [
    "document_checks",
    "gate_junit",
    "gate_markdown",
    "gate_text",
    "is_blocking",
    "write_artifacts",
]

_COLUMNS = ("variable", "verdict", "baseline", "current", "change", "method", "severity", "details")
_FAILING = frozenset({"regressed", "missing"})


def document_checks(document: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Every check of the document, metric by metric."""
    if "regressions" in document:
        return list(document["regressions"]["results"])
    return [check for metric in document["metrics"] for check in metric["checks"]]


def is_blocking(document: Mapping[str, Any]) -> bool:
    """Whether a check of severity `gate` found a regression, or a metric missing."""
    found = document.get("regressions", document)["has_blocking_regressions"]
    return bool(found)


def gate_text(document: Mapping[str, Any], *, width: int | None = None) -> str:
    """The checks as a table, over a line that says what they come to.

    `width` is that of the terminal: long details are cut to fit, but never below 60 characters.
    """
    checks = document_checks(document)
    shown = list(map(_shown, checks))
    table = f"{fitted_table(shown, _COLUMNS, width=width)}\n" if checks else ""
    return f"{table}{_sentence(checks)}"


def gate_markdown(document: Mapping[str, Any]) -> str:
    """The same for a pull request."""
    checks = document_checks(document)
    title = markdown_text(str(_name(document)))
    table = markdown_table(list(map(_shown, checks)), _COLUMNS) if checks else ""
    mark = "❌" if is_blocking(document) else "✅"
    told = markdown_text(_sentence(checks))
    return f"## {mark} {title}\n\n{told}\n\n{table}".rstrip() + "\n"


def gate_junit(document: Mapping[str, Any]) -> str:
    """The same as JUnit XML: a test per check, failed where it blocks."""
    checks = document_checks(document)
    failed = [check for check in checks if _blocks(check)]
    skipped = [check for check in checks if check["verdict"] == "not_comparable"]
    suite = Element(
        "testsuite",
        name=printable(str(_name(document))),
        tests=str(len(checks)),
        failures=str(len(failed)),
        errors="0",
        skipped=str(len(skipped)),
    )
    for check in checks:
        name = printable(f"{check['variable']} ({check['method']})")
        case = SubElement(suite, "testcase", classname=suite.attrib["name"], name=name)
        message = printable(f"{check['verdict']}: {check['details']}")
        if _blocks(check):
            SubElement(case, "failure", message=message, type=check["verdict"])
        elif check["verdict"] == "not_comparable":
            SubElement(case, "skipped", message=message)
        else:
            SubElement(case, "system-out").text = message
    text = tostring(suite, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'


def write_artifacts(document: Mapping[str, Any], folder: Path) -> list[Path]:
    """Write the document (`result.json` or `comparison.json`), `gate.md` and `junit.xml`."""
    name = "result.json" if "regressions" in document else "comparison.json"
    written = [write_json(document, folder / name)]
    for file, text in (("gate.md", gate_markdown(document)), ("junit.xml", gate_junit(document))):
        path = folder / file
        path.write_text(text, encoding="utf-8")
        written.append(path)
    return written


def _name(document: Mapping[str, Any]) -> Any:
    return document.get("bench_name") or document["candidate"]["bench_name"]


def _blocks(check: Mapping[str, Any]) -> bool:
    return check["severity"] == "gate" and check["verdict"] in _FAILING


def _shown(check: Mapping[str, Any]) -> dict[str, Any]:
    percent = check["change_percent"]
    return {
        **check,
        "baseline": check["baseline_value"],
        "current": check["current_value"],
        "change": None if percent is None else f"{percent:+.3g} %",
    }


def _sentence(checks: Sequence[Mapping[str, Any]]) -> str:
    if not checks:
        return "There is no accepted earlier run to compare with: nothing was checked."
    blocking = sum(map(_blocks, checks))
    noted = sum(check["verdict"] in _FAILING for check in checks) - blocking
    told = f"{blocking} of {len(checks)} checks failed" if blocking else "No check failed"
    unjudged = sum(check["verdict"] == "not_comparable" for check in checks)
    further = [f"{noted} noted"] if noted else []
    further += [f"{unjudged} could not be judged"] if unjudged else []
    return f"{told}{'; ' if further else ''}{', '.join(further)}."
