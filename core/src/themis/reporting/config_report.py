"""One nested report of a configuration: every field, its meaning and where it is defined."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal

from themis.reporting.config_report_data import render_json, render_yaml
from themis.reporting.config_report_latex import render_latex
from themis.reporting.config_report_markdown import render_markdown
from themis.reporting.config_report_tree import ConfigReport, build_report

__all__ = ["generate_config_report"]

_RENDERERS: Mapping[str, Callable[[ConfigReport], str]] = {
    "json": render_json,
    "latex": render_latex,
    "markdown": render_markdown,
    "yaml": render_yaml,
}
_VERBOSITIES = ("default", "full")


def generate_config_report(
    config: Any,
    format: str = "markdown",  # noqa: A002 (the specified name)
    output: str | Path | None = None,
    *,
    entrypoint: str | Callable[..., Any] | None = None,
    verbosity: Literal["default", "full"] = "default",
) -> str:
    """Report a spec, or a mapping or sequence of specs.

    Every field is shown with its value, default, type, description and where it is defined;
    `verbosity="full"` adds its constraints and the hash of each spec. Credentials are masked.

    Args:
        config: The spec or specs.
        format: `markdown`, `json`, `yaml` or `latex` (a fragment for the longtable package).
        output: A file that the report is written to as well.
        entrypoint: What the configuration is for (a name, or the function that takes it), for the
            report's heading.
        verbosity: `default` or `full`.

    Returns:
        The rendered report, whether or not it was written.

    Raises:
        KeyError: For an unknown format.
        ValueError: For an unknown verbosity.
        TypeError: If `config` holds no fields.
        OSError: If `output` cannot be written.
    """
    if format not in _RENDERERS:
        msg = f"unknown report format {format!r}; known are {', '.join(_RENDERERS)}"
        raise KeyError(msg)
    if verbosity not in _VERBOSITIES:
        msg = f"unknown verbosity {verbosity!r}; use one of {', '.join(_VERBOSITIES)}"
        raise ValueError(msg)
    report = build_report(config, entrypoint=_name_of(entrypoint), full=verbosity == "full")
    text = _RENDERERS[format](report)
    if output is not None:
        Path(output).write_text(text, encoding="utf-8")
    return text


def _name_of(entrypoint: str | Callable[..., Any] | None) -> str | None:
    if entrypoint is None or isinstance(entrypoint, str):
        return entrypoint
    name = getattr(entrypoint, "__qualname__", type(entrypoint).__qualname__)
    return f"{entrypoint.__module__}:{name}"
