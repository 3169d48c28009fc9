"""`themis plugins enable | disable`: the project file's [plugins] table, edited in place."""

from __future__ import annotations

import difflib
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from themis.cli.output import json_option, print_json
from themis.cli.project_file import PROJECT_FILE, project_option

if TYPE_CHECKING:
    from collections.abc import Callable

    from themis.plugin.configuration import PluginConfig

__all__ = ["disable", "enable"]


@click.command()
@click.argument("name")
@project_option
@json_option
def disable(name: str, project: Path | None, as_json: bool) -> None:
    """Block the plugin of the distribution NAME in the project file.

    Without --project the file is themis.toml here; it is made if it is not there. Nothing of the
    plugin is imported, now or later.
    """
    _switch(name, project, _block, as_json=as_json)


@click.command()
@click.argument("name")
@project_option
@json_option
def enable(name: str, project: Path | None, as_json: bool) -> None:
    """Allow the plugin of the distribution NAME in the project file.

    It is taken off the block list and, where there is a list of the only plugins allowed, put on.
    """
    _switch(name, project, _allow, as_json=as_json)


def _switch(
    name: str, project: Path | None, edit: Callable[[Any, str], None], *, as_json: bool
) -> None:
    from themis.plugin.configuration import PluginConfig

    path = project or Path(PROJECT_FILE)
    document = _read(path)
    table = _table(document)
    _check_name(name, PluginConfig.from_table(table.unwrap(), environ={}))
    before = document.as_string()
    edit(table, name)
    if changed := document.as_string() != before:
        _write(path, document.as_string())
    _report(name, path, changed=changed, as_json=as_json)


def _block(table: Any, name: str) -> None:
    if not _holds(table.get("block", ()), name):
        _append(table, "block", name)


def _allow(table: Any, name: str) -> None:
    blocked = table.get("block", ())
    for entry in [each for each in blocked if _same(each, name)]:
        blocked.remove(entry)
    if "allow" in table and not _holds(table["allow"], name):
        _append(table, "allow", name)


def _append(table: Any, key: str, name: str) -> None:
    import tomlkit

    if key not in table:
        table[key] = tomlkit.array()
    table[key].append(name)


def _holds(names: Iterable[str], name: str) -> bool:
    return any(_same(each, name) for each in names)


def _same(one: str, other: str) -> bool:
    from themis.plugin.refs import normalise

    return normalise(one) == normalise(other)


def _read(path: Path) -> Any:
    """The document in a project file; a new one where there is none."""
    import tomlkit

    from themis.specs.files import load_project_file

    if not path.exists():
        return tomlkit.document()
    if path.suffix.lower() != ".toml":
        msg = f"{path} is not TOML; edit its plugins.block and plugins.allow by hand"
        raise click.UsageError(msg)
    if path.read_text(encoding="utf-8-sig").strip():
        load_project_file(path)  # what is wrong with the file is said with its line
    return tomlkit.parse(path.read_bytes().decode("utf-8-sig"))


def _table(document: Any) -> Any:
    import tomlkit

    if "plugins" not in document:
        if len(document):
            document.add(tomlkit.nl())
        document["plugins"] = tomlkit.table()
    return document["plugins"]


def _write(path: Path, text: str) -> None:
    """Replace the file in one step: an interruption leaves the old one. Links to it stay links."""
    target = path.resolve()
    new = target.with_name(f".{target.name}.new")
    with new.open("w", encoding="utf-8", newline="") as file:
        file.write(text)
    if target.exists():
        shutil.copymode(target, new)
    new.replace(target)


def _check_name(name: str, config: PluginConfig) -> None:
    """Refuse what is neither installed nor listed: it is most likely misspelt."""
    from themis.errors import PluginError
    from themis.plugin.entry_points import installed_entry_points
    from themis.plugin.refs import normalise
    from themis.plugin.registration import BUILTIN, LOCAL

    installed = {each.provider: each.distribution.name for each in installed_entry_points()}
    wanted = normalise(name)
    if wanted in {BUILTIN, LOCAL}:
        msg = f"{name!r} names the core's own components, which are always there"
        raise PluginError(msg)
    if wanted not in {*installed, *config.block, *(config.allow or ())}:
        near = difflib.get_close_matches(wanted, installed, n=1)
        hint = f"did you mean '{installed[near[0]]}'?" if near else "see: themis plugins list"
        msg = f"no plugin of a distribution '{name}' is installed; {hint}"
        raise PluginError(msg)


def _report(name: str, path: Path, *, changed: bool, as_json: bool) -> None:
    """Say what the file now says, and where the environment says otherwise."""
    from themis.cli.project_file import plugin_config

    config = plugin_config(path if path.exists() else None)
    state = _state(name, config)
    if as_json:
        print_json({"plugin": name, "state": state, "project": str(path), "changed": changed})
        return
    click.echo(f"{name} is {state} in {path}{'' if changed else ' already'}")


def _state(name: str, config: PluginConfig) -> str:
    from themis.plugin.refs import normalise

    wanted = normalise(name)
    if wanted in config.block:
        return "blocked"
    allowed = config.allow is None or wanted in config.allow
    return "allowed" if allowed else "allowed (but not by THEMIS_PLUGINS, which wins)"
