"""The report as nested data: JSON and YAML."""

from __future__ import annotations

import json
from typing import Any

import yaml

from themis.reporting.config_report_tree import ConfigReport, ReportField, ReportSection

__all__ = ["render_json", "render_yaml"]


def render_json(report: ConfigReport) -> str:
    """The report as indented JSON."""
    return json.dumps(_report(report), indent=2, ensure_ascii=False) + "\n"


def render_yaml(report: ConfigReport) -> str:
    """The report as block YAML."""
    text: str = yaml.safe_dump(_report(report), sort_keys=False, allow_unicode=True, width=100)
    return text


def _report(report: ConfigReport) -> dict[str, Any]:
    return {
        "entrypoint": report.entrypoint,
        "verbosity": "full" if report.full else "default",
        "sections": [_section(section, full=report.full) for section in report.sections],
    }


def _section(section: ReportSection, *, full: bool) -> dict[str, Any]:
    data: dict[str, Any] = {
        "path": section.path,
        "kind": section.kind,
        "description": section.description,
        "defined_at": section.defined_at,
    }
    if full:
        data["canonical_hash"] = section.canonical_hash
    return {**data, "fields": [_field(field, full=full) for field in section.fields]}


def _field(field: ReportField, *, full: bool) -> dict[str, Any]:
    data: dict[str, Any] = {"path": field.path, "name": field.name}
    if field.sections:
        data["sections"] = [_section(section, full=full) for section in field.sections]
    else:
        data["value"] = field.value
    if field.has_default:
        data["default"] = field.default
    data |= {
        "required": not field.has_default,
        "type": field.type,
        "description": field.description,
        "defined_at": field.defined_at,
    }
    return {**data, "constraints": list(field.constraints)} if full else data
