"""What is described of a component's state: all of it, and nothing that running it changes."""

from __future__ import annotations

import functools
import random
import subprocess
import sys
import threading
import types
import urllib.request
from collections import deque
from pathlib import Path
from unittest.mock import MagicMock

import pytest

from themis.plugin import PluginRegistry
from themis.plugin.fingerprints import FingerprintWarning, fingerprint


class Renamed:
    def __init__(self, v):
        self.value = v

    def __call__(self, question):
        return self.value


class Open:
    def __init__(self, **settings):
        self.settings = settings


class Slotted:
    __slots__ = ("__secret", "limit")

    def __init__(self, threshold):
        self.limit = float(threshold)
        self.__secret = threshold


class Working:
    def __init__(self, start=0):
        self.count = start
        self.words = []
        self.cache = {}
        self.random = random.Random(start)
        self.temperature = 0
        self.kept = Kept()

    def warm(self, temperature):
        self.temperature = temperature
        return self

    def __call__(self, question):
        self.count += 1
        self._remember(question)
        self.kept.keep(question)
        self.last = question
        return self.random.random()

    def _remember(self, question):
        self.words.append(question)
        self.cache[question] = 1


class Kept:
    def __init__(self):
        self.entries = {}
        self.size = 10

    def keep(self, entry):
        self.entries.setdefault(entry, []).append(entry)


class Client:
    """Holds what cannot be read, and takes no part of it as a setting."""

    def __init__(self, name="a", file=None):
        self.name = name
        self._lock = threading.RLock()
        self._thread = (n for n in [1])
        self.file = file


class Hidden:
    def __init__(self, path):
        self._handle = (line for line in [path])


def with_attribute(value):
    made = Renamed("same")
    made.extra = value
    return made


def with_class_value(value):
    class Threshold:
        threshold = value

        def score(self, trial, candidate, context, default=value):
            return self.threshold

    return Threshold()


def wrapped_by(value):
    def decorated(function):
        @functools.wraps(function)
        def call(question):
            return value

        return call

    return decorated(len_of)


def len_of(question):
    return str(len(question))


def dispatching(value):
    def special(question):
        return value

    function = functools.singledispatch(lambda question: "?")
    function.register(str, special)
    return function


def cached(value):
    @functools.lru_cache
    def model(question):
        return value

    return model


MAKERS = [
    Renamed, Slotted, with_attribute, with_class_value, wrapped_by, dispatching, cached, Working,
    lambda value: Open(value=value),
    lambda value: Working().warm(value),
    lambda value: Renamed([value]),
    lambda value: Renamed(types.SimpleNamespace(a=value)),
    lambda value: Renamed(random.Random(value)),
    lambda value: Renamed(deque([value])),
    lambda value: Renamed(Renamed(value)),
    lambda value: Renamed(value).__call__,
    lambda value: functools.cache(Renamed(value)),
]  # fmt: skip


@pytest.mark.parametrize("make", MAKERS)
def test_components_made_with_other_values_differ_and_with_equal_ones_do_not(make):
    assert fingerprint(make(1)) == fingerprint(make(1))
    assert fingerprint(make(1)) != fingerprint(make(2))


def test_a_data_frame_and_an_array_count_with_what_they_hold():
    pandas, numpy = pytest.importorskip("pandas"), pytest.importorskip("numpy")
    for make in (lambda n: pandas.DataFrame({"a": [n]}), lambda n: numpy.array([n])):
        assert fingerprint(Renamed(make(1))) == fingerprint(Renamed(make(1)))
        assert fingerprint(Renamed(make(1))) != fingerprint(Renamed(make(2)))


def test_a_client_of_a_library_counts_with_its_settings_and_using_it_changes_nothing():
    def opened(agent):
        opener = urllib.request.build_opener()
        opener.addheaders = [("User-agent", agent)]
        return Renamed(opener)

    assert fingerprint(opened("a")) == fingerprint(opened("a"))
    assert fingerprint(opened("a")) != fingerprint(opened("b"))


def test_an_attribute_set_after_a_run_is_seen():
    component = Renamed("4")
    before = fingerprint(component)
    component.value = "z"
    assert fingerprint(component) != before


def test_a_value_set_on_the_class_is_seen():
    component = with_class_value(0.5)
    before = fingerprint(component)
    type(component).threshold = 0.9
    assert fingerprint(component) != before


def test_what_the_called_methods_change_counts_as_it_was_at_first():
    component = Working()
    before = fingerprint(component), fingerprint(component.__call__)
    for question in "abc":
        component(question)
    assert (fingerprint(component), fingerprint(component.__call__)) == before
    assert fingerprint(component.warm(3)) != before[0]


def test_a_setting_is_seen_though_a_method_of_it_is_called():
    class Prompted:
        prompt = "{}"

        def __call__(self, question):
            return self.prompt.format(question)

    component = Prompted()
    before = fingerprint(component)
    component.prompt = "? {}"
    assert fingerprint(component) != before


def test_a_cached_property_is_no_setting():
    class Derived:
        def __init__(self, n):
            self.n = n

        @functools.cached_property
        def square(self):
            return self.n**2

    component = Derived(3)
    before = fingerprint(component)
    assert component.square == 9
    assert fingerprint(component) == before


def test_what_cannot_be_read_counts_by_its_type_beside_settings_that_can():
    assert fingerprint(Client()) == fingerprint(Client())
    assert fingerprint(Client()) != fingerprint(Client("b"))


@pytest.mark.parametrize(
    "component",
    [
        Hidden("p"),
        Client(file=(n for n in [1])),
        Renamed(types.SimpleNamespace(a=(n for n in [1]))),
    ],
)
def test_what_cannot_be_read_warns_where_it_may_be_what_the_component_was_made_with(component):
    with pytest.warns(
        FingerprintWarning, match="it holds a builtins.generator, whose state cannot"
    ):
        fingerprint(component)


class Raising:
    def __getattr__(self, name):
        raise RuntimeError("no " + name)


@pytest.mark.parametrize("held", [Raising(), MagicMock()], ids=["attributes", "fingerprint()"])
def test_what_it_holds_may_fail_when_it_is_looked_at(held):
    with pytest.warns(FingerprintWarning, match="looking at what it holds raised"):
        assert fingerprint(Client(file=held))


def test_a_component_with_too_many_objects_warns():
    with pytest.warns(FingerprintWarning, match="it holds more than 20000 objects, such as a"):
        fingerprint(Renamed([Renamed(n) for n in range(20_001)]))


def test_what_a_callable_makes_counts_with_its_state():
    made = {"value": 1}
    prints = set()
    for made["value"] in (1, 2, 2):
        registry = PluginRegistry(plugins=())
        registry.register_metric("a", lambda: with_class_value(made["value"]))
        prints.add(registry.resolve("metric", "a").fingerprint)
    assert len(prints) == 2


def test_the_state_is_the_same_in_another_process():
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); import test_component_state as t; "
        "print([t.fingerprint(make(1)) for make in t.MAKERS])"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", code, str(Path(__file__).parent)],
            capture_output=True, text=True, check=True, env={"PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2")
    }  # fmt: skip
    assert len(outputs) == 1
