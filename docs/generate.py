"""Writes the generated parts and pictures of the documentation; `--check` says what is out of date.

A part stands in its page between `<!-- generated: NAME -->` and `<!-- end -->`.
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from textwrap import dedent, indent
from types import ModuleType
from typing import Any

import attrs
import click
import kinds
from statistics_pictures import PICTURES

import themis.core
import themis.specs
from themis.catalog.manifest import CatalogTable
from themis.cli import main as program
from themis.plugin import ComponentDeclaration
from themis.plugin.discovery import load_builtins
from themis.plugin.loading import load_target
from themis.reporting.config_report_fields import constraints_of, type_text
from themis.runtime.options import DEFAULT_DEADLINES, RuntimeOptions
from themis.specs import Spec
from themis.testing import PluginKit
from themis.testing.kits import KITS

DOCS = Path(__file__).parent
_PART = re.compile(r"(<!-- generated: ([\w-]+) -->\n).*?(<!-- end -->)", re.DOTALL)
_COMPONENTS = ("engine", "extractor", "selector", "reducer", "metric", "dataset_provider")
_OPTION = re.compile(r"^ {4}(\w+): (.+?)(?=^ {4}\w+:|\Z)", re.MULTILINE | re.DOTALL)


def table(header: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A Markdown table; bars in cells are escaped."""
    lines = [list(header), *(list(row) for row in rows)]
    lines.insert(1, ["---"] * len(lines[0]))
    cells = (" | ".join(cell.replace("|", "\\|") for cell in line) for line in lines)
    return "".join(f"| {line} |\n" for line in cells)


def shown(value: Any) -> str:
    """A default as TOML would write it; nothing for None."""
    if value is None:
        return ""
    if isinstance(value, Spec):
        return f"{type(value).__name__}'s defaults"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return f'`"{value}"`' if isinstance(value, str) else f"`{value}`"


def fields(model: Any) -> str:
    """The table of a pydantic model's fields."""
    rows = []
    for name, field in model.model_fields.items():
        required = field.is_required()
        default = "required" if required else shown(field.get_default(call_default_factory=True))
        limits = [f"`{limit}`" for limit in constraints_of(field)]
        text = f"{field.description} ({', '.join(limits)})" if limits else field.description
        rows.append((f"`{name}`", f"`{type_text(field.annotation)}`", default, text or ""))
    return table(("field", "type", "default", "meaning"), rows)


def specs(namespace: ModuleType) -> str:
    """Every spec of a namespace with its fields."""
    found = [getattr(namespace, name) for name in namespace.__all__]
    classes = {
        model.__name__: model
        for model in found
        if isinstance(model, type) and issubclass(model, Spec) and model is not Spec
    }
    return "\n".join(
        f"## {name}\n\n{summary(model)}\n\n{fields(model)}"
        for name, model in sorted(classes.items())
    )


def summary(thing: Any) -> str:
    """The first paragraph of a docstring, on one line."""
    return " ".join((thing.__doc__ or "").strip().split("\n\n")[0].split())


def declared(kind: str) -> list[ComponentDeclaration]:
    """The built-in components of a kind, by name."""
    found = [each for each in load_builtins().declarations if each.kind == kind]
    return sorted(found, key=lambda each: each.name)


def components(kind: str) -> str:
    """The built-in components of a kind, and the configuration of each that has one."""
    found = declared(kind)
    rows = [(f"`{each.name}`", each.version, each.summary, facts(each)) for each in found]
    parts = [table(("name", "version", "what it does", "facts"), rows)]
    for each in found:
        if each.config:
            model = load_target(each.config, what=each.name)
            if model.model_fields:
                parts.append(f"Configuration of `{each.name}`:\n\n{fields(model)}")
    return "\n".join(parts)


def facts(component: Any) -> str:
    """What a declaration says besides its summary."""
    return ", ".join(_facts(component))


def _facts(component: Any) -> Iterator[str]:
    if component.kind == "metric":
        yield component.direction if component.direction != "none" else "neither way is better"
        low, high = component.bounds
        yield f"{low:g} to {high:g}" if high is not None else f"from {low:g}"
        if component.units:
            yield component.units
        if component.judge_backed:
            yield "asks judges"
        if component.subject != "candidate":
            yield {"trace": "of a trace", "candidates": "of all samples"}[component.subject]
    elif component.kind == "engine":
        capable = attrs.asdict(component.capabilities)
        yield from (name for name in ("seed", "logprobs", "tools", "images") if capable[name])


def options() -> str:
    """The `[runtime]` table of a benchmark or project file."""
    said = dict(_OPTION.findall(inspect.cleandoc(RuntimeOptions.__doc__ or "")))
    rows = []
    for field in attrs.fields(RuntimeOptions):
        is_table = isinstance(field.default, type(attrs.Factory(dict)))
        default = "" if is_table else shown(field.default)
        meaning = " ".join(said.get(field.name, "").split())
        rows.append((f"`{field.name}`", default, meaning))
    return table(("option", "default", "meaning"), rows)


def deadlines() -> str:
    """The default deadline of each stage."""
    rows = [(f"`{stage}`", f"{seconds:g}") for stage, seconds in DEFAULT_DEADLINES.items()]
    return table(("stage", "seconds"), rows)


def commands() -> str:
    """Every command with its arguments and options."""
    return "\n".join(_commands("themis", program, click.Context(program, info_name="themis")))


def _commands(name: str, command: click.Command, context: click.Context) -> Iterator[str]:
    if isinstance(command, click.Group):
        for child in command.list_commands(context):
            found = command.get_command(context, child)
            assert found is not None
            yield from _commands(f"{name} {child}", found, context)
        return
    arguments = [each for each in command.params if isinstance(each, click.Argument)]
    words = " ".join(each.metavar or str(each.name).upper() for each in arguments)
    help_text = inspect.cleandoc(command.help or "").replace("\b\n", "")
    yield f"## {name}\n\n    {name} [OPTIONS] {words}".rstrip() + f"\n\n{help_text}\n"
    if command.epilog:
        shown = command.epilog.removeprefix("\b\nExamples:\n")
        yield f"Examples:\n\n{indent(dedent(shown), '    ')}\n"
    yield table(("option", "default", "meaning"), map(_option, _options_of(command)))


def checks() -> str:
    """Every check of every kit."""
    return "\n".join(
        f"### {kit.__name__}\n\n" + table(("check", "since", "level", "what it asks"), _checks(kit))
        for kit in (PluginKit, *KITS.values())
    )


def _checks(kit: Any) -> Iterator[tuple[str, str, str, str]]:
    for check in kit.checks():
        yield f"`{check.id}`", check.since, check.level, check.summary


def _options_of(command: click.Command) -> list[click.Option]:
    return [each for each in command.params if isinstance(each, click.Option)]


def _option(option: click.Option) -> tuple[str, str, str]:
    names = ", ".join(f"`{name}`" for name in option.opts)
    if isinstance(option.type, click.Choice):
        names += " " + " | ".join(option.type.choices)
    default = option.default if option.show_default else None
    named = f" Also `{option.envvar}`." if option.envvar else ""
    return names, shown(default), f"{option.help}{named}"


PARTS: dict[str, Callable[[], str]] = {
    "specs": partial(specs, themis.specs),
    "experiment": partial(specs, themis.core),
    "runtime-options": options,
    "deadlines": deadlines,
    "commands": commands,
    "checks": checks,
    "catalog-table": partial(fields, CatalogTable),
    **{f"{kind}s": partial(components, kind) for kind in _COMPONENTS},
    "hooks": kinds.hooks,
    **{f"kind-{name}": partial(kinds.kind_page, page) for name, page in kinds.PAGES.items()},
}


def rendered(page: str) -> str:
    """A page with its generated parts as they should be."""
    return _PART.sub(lambda found: f"{found[1]}\n{PARTS[found[2]]()}\n{found[3]}", page)


def main(*, check: bool) -> int:
    """Write, or only compare; 1 when a page is out of date."""
    stale = []
    for path in sorted(DOCS.rglob("*.md")):
        page = path.read_text(encoding="utf-8")
        if (fresh := rendered(page)) != page:
            stale.append(path.relative_to(DOCS.parent))
            if not check:
                path.write_text(fresh, encoding="utf-8")
    for name, draw in PICTURES.items():
        path, fresh = DOCS / "pictures" / f"{name}.svg", draw()
        if not path.exists() or path.read_text(encoding="utf-8") != fresh:
            stale.append(path.relative_to(DOCS.parent))
            if not check:
                path.write_text(fresh, encoding="utf-8")
    for path in stale:
        print(f"{path} {'is out of date: run `make docs`' if check else 'written'}")
    return int(check and bool(stale))


if __name__ == "__main__":
    sys.exit(main(check="--check" in sys.argv[1:]))
