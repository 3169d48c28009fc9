"""The kit of the plugin itself: what a distribution declares, before any of it is used."""

from __future__ import annotations

import inspect
import json
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar, get_args

from packaging.specifiers import SpecifierSet
from packaging.version import Version

from themis.errors import OptionalDependencyError, PluginError
from themis.plugin.component import ResolvedComponent
from themis.plugin.declarations import ComponentDeclaration
from themis.plugin.loading import load_target
from themis.plugin.reading import HOOK_KINDS, read_plugin
from themis.plugin.refs import normalise
from themis.plugin.registration import CORE_API, Registration
from themis.records.secrets import looks_secret
from themis.testing.kits.check import check, needs
from themis.testing.kits.kit import Kit

if TYPE_CHECKING:
    from pydantic import BaseModel

    from themis.plugin.snapshot import InstalledPlugin

__all__ = ["PluginKit"]

_HOOKS = ("themis_plugin", *HOOK_KINDS)
_SECRET = "kit-secret-7f3a9c"  # noqa: S105 (what must not be shown)
_IMPORTED = """
import json, sys
path, target = json.load(sys.stdin)
sys.path[:] = path
import themis.plugin
before = set(sys.modules)
__import__(target)
print(json.dumps(sorted({name.partition(".")[0] for name in set(sys.modules) - before})))
"""


class PluginKit(Kit):
    """Checks of a plugin, by its distribution's name.

    Example::

        class TestPlugin(PluginKit):
            distribution = "themis-yaml"
    """

    distribution: ClassVar[str]

    def subject(self) -> str:
        """The distribution."""
        return f"plugin {self.distribution}"

    @check("plugin.loads", level="static")
    def test_it_is_installed_and_loads(self) -> None:
        """The distribution is installed, has an entry point, and loads."""
        plugins = self._plugins()
        assert plugins, (
            f"{self.distribution} is not installed, or has no entry point of the group "
            "themis.plugins"
        )
        for plugin in plugins:
            assert plugin.state == "ok", f"it is {plugin.state}: {plugin.reason}; {plugin.fix}"

    @check("plugin.imports", level="static")
    def test_importing_it_imports_no_sdk(self) -> None:
        """Importing the entry point imports the standard library, the core and itself only."""
        for plugin in self._loaded():
            target = plugin.target.partition(":")[0]
            own = {target.partition(".")[0], "themis", "_distutils_hack"}
            foreign = [
                name
                for name in _imported_with(target)
                if name not in own and name not in sys.stdlib_module_names
            ]
            assert not foreign, (
                f"importing {target} also imports {', '.join(foreign)}; name implementations and "
                "config models by string, and import what they need in their own modules"
            )

    @check("plugin.hooks", level="static")
    def test_every_hook_is_known_and_marked(self) -> None:
        """Every function that is named like a hook is one, and is marked with @hookimpl."""
        for plugin in self._loaded():
            module = import_module(plugin.target.partition(":")[0])
            for name, function in inspect.getmembers(module, inspect.isfunction):
                own = function.__module__ == module.__name__
                if own and name.startswith("themis_"):
                    assert name in _HOOKS, (
                        f"{name} is no hook and is never called; the hooks are {', '.join(_HOOKS)}"
                    )

    @check("plugin.core_api", level="static")
    def test_the_core_api_is_bounded(self) -> None:
        """The supported core API includes this core's, and excludes the next major version."""
        following = f"{Version(CORE_API).major + 1}.0"
        for plugin in self._loaded():
            supported = plugin.info.core_api if plugin.info else ""
            assert not SpecifierSet(supported).contains(following, prereleases=True), (
                f"core_api {supported!r} includes {following}, which does not exist yet; write "
                f"'>={CORE_API},<{following.partition('.')[0]}'"
            )

    @check("plugin.repeatable", level="static")
    def test_hooks_return_the_same_every_time(self) -> None:
        """Hooks called again return equal declarations."""
        for plugin in self._loaded():
            _, again = read_plugin(import_module(plugin.target.partition(":")[0]))
            changed = [each.name for each in again if each not in plugin.declarations]
            assert again == plugin.declarations, (
                f"called again, the hooks declare {', '.join(changed) or 'less'} anew"
            )

    @check("plugin.summaries", level="static")
    def test_everything_has_a_summary(self) -> None:
        """The plugin and each of its components say in one line what they are."""
        for plugin in self._loaded():
            assert plugin.info is not None, "it has no PluginInfo"
            assert plugin.info.summary.strip(), "PluginInfo has no summary"
            silent = [f"{each.kind} {each.name}" for each in plugin.declarations if not _said(each)]
            assert not silent, f"without a one-line summary: {', '.join(silent)}"

    @check("plugin.strings", level="static")
    def test_everything_named_by_string_can_be_imported(self) -> None:
        """Every implementation, config model and token estimator can be imported."""
        for _, declaration in self._declared():
            for target in _targets(declaration):
                try:
                    load_target(target, what=f"{declaration.kind} {declaration.name}")
                except OptionalDependencyError:
                    continue
                except PluginError as problem:
                    raise AssertionError(str(problem)) from problem

    @check("plugin.methods", level="static")
    def test_every_implementation_has_its_kinds_method(self) -> None:
        """Every implementation has the method of its kind, with that method's arguments."""
        for registration, declaration in self._declared():
            if declaration.kind == "benchmark" or _loaded(declaration.implementation) is None:
                continue
            try:
                ResolvedComponent(registration).load()
            except PluginError as problem:
                raise AssertionError(str(problem)) from problem

    @check("plugin.config_model", level="static")
    def test_config_models_are_pydantic_models(self) -> None:
        """Every config model is a pydantic model."""
        for declaration, model in self._configs():
            assert hasattr(model, "model_validate"), (
                f"{declaration.kind} {declaration.name}: {declaration.config} is no pydantic model"
            )

    @check("plugin.config_fields", level="static")
    def test_every_setting_is_described(self) -> None:
        """Every field of every config model has a description."""
        for declaration, model in self._models():
            bare = [name for name, field in model.model_fields.items() if not field.description]
            assert not bare, f"{declaration.config}: no description of {', '.join(bare)}"

    @check("plugin.config_strict", level="static")
    def test_config_models_refuse_unknown_settings(self) -> None:
        """Every config model refuses settings that it does not have."""
        for declaration, model in self._models():
            assert model.model_config.get("extra") == "forbid", (
                f'{declaration.config} takes settings it does not have; set extra="forbid"'
            )

    @check("plugin.secrets", level="static")
    def test_secrets_are_never_shown(self) -> None:
        """A setting that holds a secret is a SecretStr, and is in no repr, text or dump."""
        for declaration, model in self._models():
            for name, field in model.model_fields.items():
                if looks_secret(name):
                    where = f"{declaration.config}.{name}"
                    assert _is_secret(field.annotation), f"{where} is no SecretStr"
                    _is_never_shown(model, name, where)

    def _plugins(self) -> list[InstalledPlugin]:
        wanted = normalise(self.distribution)
        return [each for each in self.registry().plugins() if each.provider == wanted]

    def _loaded(self) -> list[InstalledPlugin]:
        plugins = self._plugins()
        needs(plugins and all(each.state == "ok" for each in plugins), "it does not load")
        return plugins

    def _declared(self) -> Iterator[tuple[Registration, ComponentDeclaration]]:
        for plugin in self._loaded():
            for registration in plugin.registrations():
                yield registration, registration.declaration

    def _configs(self) -> Iterator[tuple[ComponentDeclaration, Any]]:
        """Every config model that can be imported."""
        for _, declaration in self._declared():
            model = declaration.config and _loaded(declaration.config)
            if model is not None:
                yield declaration, model

    def _models(self) -> Iterator[tuple[ComponentDeclaration, type[BaseModel]]]:
        for declaration, model in self._configs():
            if hasattr(model, "model_fields"):
                yield declaration, model


def _imported_with(target: str) -> list[str]:
    """The top-level names that importing `target` imports beyond those of `themis.plugin`."""
    done = subprocess.run(  # noqa: S603 (this interpreter, with a fixed program)
        [sys.executable, "-c", _IMPORTED],
        input=json.dumps([sys.path, target]),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"importing {target} alone fails: {done.stderr[-500:]}"
    names: list[str] = json.loads(done.stdout.splitlines()[-1])
    return names


def _targets(declaration: ComponentDeclaration) -> list[str]:
    fields = ("config", "token_estimator")
    named = [getattr(declaration, name, None) for name in fields]
    if declaration.kind != "benchmark":
        named.append(declaration.implementation)
    return [target for target in named if target is not None]


def _loaded(target: str) -> Any:
    """What a string names; None where it cannot be imported, which `plugin.strings` says."""
    try:
        return load_target(target, what=target)
    except (PluginError, OptionalDependencyError):
        return None


def _said(declaration: ComponentDeclaration) -> bool:
    summary = declaration.summary.strip()
    return bool(summary) and "\n" not in summary


def _is_secret(annotation: Any) -> bool:
    from pydantic import SecretBytes, SecretStr

    if annotation in {SecretStr, SecretBytes}:
        return True
    return any(_is_secret(part) for part in get_args(annotation))


def _is_never_shown(model: type[BaseModel], name: str, where: str) -> None:
    from pydantic import SecretStr

    settings = model.model_construct(**{name: SecretStr(_SECRET)})  # type: ignore[arg-type]
    shown = {"repr": repr(settings), "str": str(settings)}
    shown["model_dump"] = repr(settings.model_dump(include={name}))
    shown["model_dump_json"] = settings.model_dump_json(include={name})
    seen = [how for how, text in shown.items() if _SECRET in text]
    assert not seen, f"{where} is shown by {', '.join(seen)}"
