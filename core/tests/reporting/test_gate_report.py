from __future__ import annotations

from xml.etree import ElementTree as ET

from themis.reporting.gate_report import gate_junit, gate_markdown, gate_text

CHECK = {
    "variable": "a<b>|\x00",
    "method": "percentage",
    "regressed": True,
    "verdict": "regressed",
    "severity": "gate",
    "current_value": 0.5,
    "baseline_value": 1.0,
    "change_percent": -50.0,
    "threshold": 10.0,
    "direction": "maximize",
    "details": "-50 % against 10 %",
}


def document(*checks):
    blocking = any(
        check["severity"] == "gate" and check["verdict"] == "regressed" for check in checks
    )
    found = {"has_regressions": blocking, "has_blocking_regressions": blocking}
    return {"bench_name": "b & c", "regressions": {**found, "results": list(checks)}}


def test_whatever_a_metric_is_called_the_xml_is_well_formed():
    suite = ET.fromstring(gate_junit(document(CHECK)).encode())

    assert suite.attrib["name"] == "b & c"
    assert suite[0].attrib["name"].startswith("a<b>|")
    assert suite[0][0].tag == "failure"


def test_details_are_as_long_as_the_terminal_is_wide():
    long = {**CHECK, "details": ("so it is " * 15).strip()}

    assert ("so it is " * 15).strip() in gate_text(document(long))
    assert ("so it is " * 15).strip() in gate_text(document(long), width=250)
    assert max(map(len, gate_text(document(long), width=150).splitlines())) == 150


def test_what_could_not_be_judged_is_skipped():
    unjudged = {**CHECK, "verdict": "not_comparable", "regressed": False, "change_percent": None}

    suite = ET.fromstring(gate_junit(document(unjudged)).encode())

    assert (suite.attrib["failures"], suite.attrib["skipped"]) == ("0", "1")
    assert gate_text(document(unjudged)).endswith("No check failed; 1 could not be judged.")


def test_a_finding_of_a_lower_severity_does_not_fail():
    noted = {**CHECK, "severity": "notify"}

    suite = ET.fromstring(gate_junit(document(noted)).encode())

    assert suite[0][0].tag == "system-out"
    assert gate_markdown(document(noted)).startswith("## ✅ b &amp; c\n")


def test_markup_in_names_is_escaped_in_a_pull_request():
    text = gate_markdown(document(CHECK))

    assert "<b>" not in text
    assert "a&lt;b&gt;\\|" in text
    assert "1 of 1 checks failed." in text
