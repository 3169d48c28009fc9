"""`themis plugins`: what is installed, in what state, what is chosen why, what needs mending."""

from __future__ import annotations

import difflib
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import click

from themis.cli.columns import columns
from themis.cli.plugin_check import check
from themis.cli.plugin_doctor import doctor
from themis.cli.plugin_switches import disable, enable
from themis.cli.project_file import plugin_config, project_option
from themis.errors import PluginError
from themis.plugin.component import ResolvedComponent
from themis.plugin.declarations import KINDS, ComponentDeclaration, ComponentKind
from themis.plugin.refs import normalise
from themis.plugin.registration import Registration
from themis.plugin.registry import PluginRegistry
from themis.plugin.resolution import Resolution
from themis.plugin.snapshot import InstalledPlugin

__all__ = ["plugins"]

_json = click.option("--json", "as_json", is_flag=True, help="Write JSON.")


@click.group()
def plugins() -> None:
    """List, show and explain plugins.

    Plugins run with your rights: install only those you trust. THEMIS_PLUGINS lists the only ones
    to load, THEMIS_DISABLE_PLUGIN_AUTOLOAD=1 loads none but those.
    """


plugins.add_command(check)
plugins.add_command(doctor)
plugins.add_command(enable)
plugins.add_command(disable)


@plugins.command("list")
@_json
@project_option
def list_plugins(as_json: bool, project: Path | None) -> None:
    """List the built-ins and every installed plugin, with its state and the reason for it."""
    found = _registry(project).plugins()
    if as_json:
        _write({"plugins": [_as_data(plugin) for plugin in found]})
        return
    rows = [
        (plugin.distribution.name, plugin.distribution.version, _state(plugin), _provides(plugin))
        for plugin in found
    ]
    header, *lines = columns(("PLUGIN", "VERSION", "STATE", "PROVIDES"), rows)
    click.echo(header)
    for plugin, line in zip(found, lines, strict=True):
        click.echo(line)
        _echo_reason(plugin)


@plugins.command()
@click.argument("name")
@_json
@project_option
def show(name: str, as_json: bool, project: Path | None) -> None:
    """Show a plugin, by its distribution's NAME, with its components."""
    found = _registry(project).plugins()
    chosen = [plugin for plugin in found if plugin.provider == normalise(name)]
    if not chosen:
        raise PluginError(_no_such_plugin(name, found))
    if as_json:
        _write({"plugins": [_as_data(plugin) for plugin in chosen]})
        return
    for plugin in chosen:
        _echo_plugin(plugin)


@plugins.command()
@click.argument("kind", type=click.Choice(list(KINDS)), metavar="KIND")
@click.argument("ref")
@_json
@project_option
def why(kind: ComponentKind, ref: str, as_json: bool, project: Path | None) -> None:
    """Explain which component of KIND the reference REF resolves to, and why no other.

    Exits with 2 where it resolves to none.
    """
    resolution = _registry(project).explain(kind, ref)
    if as_json:
        _write(_resolution_data(resolution))
    else:
        _echo_resolution(resolution)
    if resolution.error is not None:
        raise PluginError(resolution.error)


def _registry(project: Path | None) -> PluginRegistry:
    return PluginRegistry(config=plugin_config(project))


def _write(data: Mapping[str, Any]) -> None:
    click.echo(json.dumps(data, indent=2, ensure_ascii=False))


def _state(plugin: InstalledPlugin) -> str:
    return plugin.state.replace("_", " ")


def _provides(plugin: InstalledPlugin) -> str:
    kinds = Counter(declaration.kind for declaration in plugin.declarations)
    return ", ".join(_counted(kinds[kind], kind) for kind in KINDS if kind in kinds) or "-"


def _counted(number: int, kind: str) -> str:
    noun = kind.replace("_", " ")
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _echo_reason(plugin: InstalledPlugin) -> None:
    if plugin.state != "ok":
        click.echo(f"    {plugin.reason}")
        click.echo(f"    to do: {plugin.fix}")


def _no_such_plugin(name: str, found: Iterable[InstalledPlugin]) -> str:
    names = {plugin.provider: plugin.distribution.name for plugin in found}
    near = difflib.get_close_matches(normalise(name), names, n=1)
    hint = f"did you mean '{names[near[0]]}'?" if near else f"there are {', '.join(names.values())}"
    return f"no plugin of a distribution '{name}' is installed; {hint}"


def _echo_plugin(plugin: InstalledPlugin) -> None:
    click.echo(f"{plugin.distribution.name} {plugin.distribution.version}: {_state(plugin)}")
    _echo_reason(plugin)
    facts = {
        "summary": (plugin.info and plugin.info.summary) or plugin.distribution.summary,
        "entry point": f"{plugin.entry_point} = {plugin.target}",
        "core API": plugin.info.core_api if plugin.info else "",
        "import": "" if plugin.import_seconds is None else f"{plugin.import_seconds * 1000:.1f} ms",
    }
    for name, fact in facts.items():
        if fact:
            click.echo(f"  {name + ':':13}{fact}")
    if plugin.declarations:
        click.echo()
        rows = [(each.kind, each.name, each.version, each.summary) for each in plugin.declarations]
        for line in columns(("KIND", "NAME", "VERSION", "SUMMARY"), rows):
            click.echo(f"  {line}".rstrip())


def _echo_resolution(resolution: Resolution) -> None:
    if resolution.chosen is not None:
        component = ResolvedComponent(resolution.chosen)
        click.echo(f"{resolution.kind} '{resolution.ref}' is {resolution.chosen}")
        click.echo(f"  rule:            {resolution.rule}")
        click.echo(f"  implementation:  {component.implementation}")
        click.echo(f"  provider:        {_provider(resolution.chosen)}")
    else:
        click.echo(f"{resolution.kind} '{resolution.ref}' resolves to nothing")
    for warning in resolution.warnings:
        click.echo(f"  warning:         {warning}")
    if resolution.rejected:
        click.echo("\nNot chosen:")
        rows = [(str(each.registration), each.reason) for each in resolution.rejected]
        for line in columns(("COMPONENT", "REASON"), rows):
            click.echo(f"  {line}")


def _provider(registration: Registration) -> str:
    return f"{registration.distribution.name} {registration.distribution.version}".rstrip()


def _as_data(plugin: InstalledPlugin) -> dict[str, Any]:
    return {
        "distribution": plugin.distribution.name,
        "version": plugin.distribution.version,
        "summary": plugin.distribution.summary,
        "entry_point": plugin.entry_point,
        "target": plugin.target,
        "state": plugin.state,
        "reason": plugin.reason,
        "fix": plugin.fix,
        "core_api": plugin.info.core_api if plugin.info else None,
        "import_seconds": plugin.import_seconds,
        "components": [_declaration_data(each) for each in plugin.declarations],
    }


def _declaration_data(declaration: ComponentDeclaration) -> dict[str, Any]:
    return {
        "kind": declaration.kind,
        "name": declaration.name,
        "version": declaration.version,
        "implementation": declaration.implementation,
        "config": declaration.config,
        "summary": declaration.summary,
    }


def _resolution_data(resolution: Resolution) -> dict[str, Any]:
    return {
        "kind": resolution.kind,
        "ref": str(resolution.ref),
        "chosen": None if resolution.chosen is None else _registration_data(resolution.chosen),
        "rule": resolution.rule,
        "rejected": [
            {**_registration_data(each.registration), "reason": each.reason}
            for each in resolution.rejected
        ],
        "warnings": list(resolution.warnings),
        "error": resolution.error,
    }


def _registration_data(registration: Registration) -> dict[str, Any]:
    return {
        **_declaration_data(registration.declaration),
        "provider": registration.provider,
        "distribution_version": registration.distribution.version,
    }
