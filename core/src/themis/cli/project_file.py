"""Which project file counts: the one that is named, else `themis.toml` in the current folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Callable

    from themis.plugin.configuration import PluginConfig

__all__ = ["PROJECT_FILE", "default_project_file", "plugin_config", "project_option"]

PROJECT_FILE = "themis.toml"


def project_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--project FILE`, for its [plugins] table."""
    return click.option(
        "--project",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        help=f"The project's file. [default: {PROJECT_FILE} here, if there is one]",
    )(command)


def default_project_file() -> Path | None:
    """`themis.toml` in the current folder, if it is there."""
    path = Path(PROJECT_FILE)
    return path if path.is_file() else None


def plugin_config(project: Path | None) -> PluginConfig:
    """What the project file's [plugins] table and the environment say."""
    from themis.plugin.configuration import PluginConfig

    path = project or default_project_file()
    if path is None:
        return PluginConfig.from_environment()
    from themis.specs.files import load_project_file

    return PluginConfig.from_table(load_project_file(path).plugins)
