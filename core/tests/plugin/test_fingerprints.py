from __future__ import annotations

import enum
import functools
import importlib
import linecache
import re
import subprocess
import sys
import threading
import types
from dataclasses import dataclass
from pathlib import Path

import pytest

from themis.errors import PluginError
from themis.plugin import PluginRegistry
from themis.plugin.fingerprints import FingerprintWarning, fingerprint


class Scaled:
    def __init__(self, factor=1.0, words=()):
        self.factor = factor
        self._words = words
        self.calls = 0

    def score(self, trial, candidate, context):
        self.calls += 1
        return self.factor


class Versioned(Scaled):
    def fingerprint(self):
        return "weights-7"


@dataclass
class Point:
    x: int
    where: Path = Path("a/b")


class Colour(enum.Enum):
    RED = 1


def closing_over(value):
    return lambda: Scaled(value)


def load(folder, name, source):
    (folder / f"{name}.py").write_text(source, encoding="utf-8")
    importlib.invalidate_caches()
    sys.modules.pop(name, None)
    return importlib.import_module(name)


def test_equal_code_and_settings_give_one_fingerprint():
    assert fingerprint(Scaled) == fingerprint(Scaled)
    assert fingerprint(Scaled(2.0, ["a"])) == fingerprint(Scaled(2.0, ["a"]))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (Scaled(1.0), Scaled(2.0)),
        (Scaled(words=["a"]), Scaled(words=["b"])),
        (Scaled(), Scaled),
        (functools.partial(Scaled, 1.0), functools.partial(Scaled, 2.0)),
        (functools.partial(Scaled, factor=1.0), functools.partial(Scaled, 1.0)),
        (closing_over(1.0), closing_over(2.0)),
        (closing_over(Scaled(1.0)), closing_over(Scaled(2.0))),
        (closing_over(Point(1)), closing_over(Point(2))),
        (lambda: Scaled(1.0), lambda: Scaled(2.0)),
        (Scaled(re.compile("a")), Scaled(re.compile("b"))),
        (Scaled({"a", "b"}), Scaled({"a"})),
        (Scaled({"a": 1}), Scaled({"a": 2})),
        (Scaled(Colour.RED), Scaled(1)),
        (Scaled(True), Scaled(1)),
        (Scaled(len), Scaled(sum)),
        (Scaled(Scaled().score), Scaled(Scaled(2.0).score)),
        (Scaled(re), Scaled(sys)),
    ],
)
def test_another_setting_gives_another_fingerprint(one, other):
    assert fingerprint(one) != fingerprint(other)


def test_what_happens_while_it_runs_changes_nothing():
    component, seen = Scaled(), []
    recorder = closing_over(seen)
    before = fingerprint(component), fingerprint(recorder)
    component.score(None, None, None)
    seen.append(1)
    assert (fingerprint(component), fingerprint(recorder)) == before


@pytest.mark.parametrize(("old", "new"), [("return 1", "return 2"), ("'a'", "'b'")])
def test_an_edit_of_a_class_or_of_its_own_base_changes_the_fingerprint(
    tmp_path, monkeypatch, old, new
):
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    source = "class B:\n    name = 'a'\n\nclass C(B):\n    def score(self):\n        return 1\n"
    before = fingerprint(load(tmp_path, "edited_module", source).C)
    after = fingerprint(load(tmp_path, "edited_module", source.replace(old, new) + "\n").C)
    assert before != after
    assert fingerprint(load(tmp_path, "edited_module", source + "\n\n").C) == before


def test_code_without_a_source_file_is_told_apart_too():
    def made(number):
        names = {"__name__": "made"}
        exec(f"def f():\n    return {number}\nclass C:\n    n = {number}", names)
        return names

    assert fingerprint(made(1)["f"]) == fingerprint(made(1)["f"])
    assert fingerprint(made(1)["f"]) != fingerprint(made(2)["f"])
    assert fingerprint(made(1)["C"]) == fingerprint(made(1)["C"])
    assert fingerprint(made(1)["C"]) != fingerprint(made(2)["C"])


def test_code_without_a_source_file_is_not_taken_for_what_else_has_none(monkeypatch):
    text = "import sys\nprint(sys.version)\n"  # as Python 3.13 keeps what `python -c` runs
    monkeypatch.setitem(linecache.cache, "<string>", (len(text), None, text.splitlines(True), ""))
    names = [{}, {}]
    for number, each in enumerate(names):
        exec(f"def f():\n    return {number}", each)

    assert fingerprint(names[0]["f"]) != fingerprint(names[1]["f"])


def test_a_function_that_calls_itself_has_a_fingerprint():
    def again(n):
        return again(n - 1) if n else 0

    assert fingerprint(again) == fingerprint(again)


def test_what_cannot_be_read_warns_and_holds_in_this_process_only():
    component = Scaled(threading.Lock())
    expected = (
        r"Scaled cannot be fingerprinted: it holds a _thread.lock, whose state cannot be read. No "
        r"later process reuses what it makes; give it a method fingerprint\(\) that returns a str"
    )
    with pytest.warns(FingerprintWarning, match=expected):
        first = fingerprint(component)
    with pytest.warns(FingerprintWarning):
        assert fingerprint(component) == first
    with pytest.warns(FingerprintWarning):
        assert fingerprint(Scaled(threading.Lock())) != first


def test_a_components_own_fingerprint_is_used():
    registry = PluginRegistry(plugins=())
    registry.register_metric("a", Versioned)
    registry.register_metric("b", Versioned(3.0))
    registry.register_metric("c", functools.partial(Versioned, 4.0))
    found = {registry.resolve("metric", name).fingerprint for name in "abc"}
    assert found == {"weights-7"}


def test_an_own_fingerprint_that_is_no_string_is_refused():
    class Odd(Scaled):
        def fingerprint(self):
            return 7

    registry = PluginRegistry(plugins=())
    registry.register_metric("odd", Odd)
    with pytest.raises(PluginError, match=r"Odd.fingerprint\(\) must return a string, not 7"):
        registry.resolve("metric", "odd").identity()


def test_a_callable_is_told_by_what_it_makes_too(tmp_path, monkeypatch):
    registry = PluginRegistry(plugins=())
    makers = {"class": Scaled}
    registry.register_metric("a", lambda: makers["class"](2.0))
    before = registry.resolve("metric", "a").fingerprint
    assert before == registry.resolve("metric", "a").fingerprint
    assert before != fingerprint(Scaled)


def test_learning_the_fingerprint_makes_no_second_component():
    made = []

    def make():
        made.append(Scaled())
        return made[-1]

    registry = PluginRegistry(plugins=())
    registry.register_metric("a", make)
    component = registry.resolve("metric", "a")
    component.identity()
    assert component.make() is made[0]
    assert component.make() is made[1]


def test_a_fingerprint_is_the_same_in_another_process():
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); import test_fingerprints as t; "
        "print(t.fingerprint(t.Scaled({'a', 'b', 'c'}, {'k': t.Point(1)})))"
    )
    here = [str(Path(__file__).parent)]
    outputs = {
        subprocess.run(
            [sys.executable, "-c", code, *here],
            capture_output=True, text=True, check=True, env={"PYTHONHASHSEED": seed},
        ).stdout.strip()
        for seed in ("1", "2")
    }  # fmt: skip
    assert outputs == {fingerprint(Scaled({"a", "b", "c"}, {"k": Point(1)}))}


def test_a_module_level_object_of_a_library_counts_by_name():
    assert fingerprint(Scaled(types.SimpleNamespace)) == fingerprint(Scaled(types.SimpleNamespace))


def test_a_compiled_method_counts_with_what_it_is_a_method_of():
    assert fingerprint(",".join) == fingerprint(",".join)
    assert fingerprint(",".join) != fingerprint("/".join)
    assert fingerprint(len) == fingerprint(len)


@pytest.mark.parametrize("names", [{}, {"__name__": "cell"}], ids=["no module", "no file"])
def test_inside_a_component_too_an_edit_of_a_function_without_a_file_is_seen(names):
    def scaled(number):
        exec(f"def factor():\n    return {number}", names)
        return Scaled(factor=names["factor"])

    assert fingerprint(scaled(1)) != fingerprint(scaled(2))
