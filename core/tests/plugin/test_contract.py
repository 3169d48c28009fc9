from __future__ import annotations

import pytest

from themis.errors import PluginError
from themis.plugin.contract import METHODS, check_methods

EXTRACT = [METHODS["extractor"]]


class Method:
    def extract(self, trial, candidate, config=None):
        return None


class Static:
    @staticmethod
    def extract(trial, candidate, config):
        return None


class OfClass:
    @classmethod
    def extract(cls, trial, candidate, config):
        return None


class Anything:
    async def extract(self, *args, **options):
        return None


class Called:
    class Inner:
        def __call__(self, trial, candidate, config):
            return None

    extract = Inner()


class Narrow:
    def extract(self, trial, candidate):
        return None


class Demanding:
    def extract(self, trial, candidate, config, more):
        return None


class NoCall:
    extract = "text"


@pytest.mark.parametrize("component", [Method, Static, OfClass, Anything])
def test_a_class_and_its_instance_fulfil_the_contract_alike(component):
    check_methods(component, EXTRACT, what="x")
    check_methods(component(), EXTRACT, what="x")


def test_an_attribute_that_can_be_called_is_a_method():
    check_methods(Called, EXTRACT, what="x")
    check_methods(Called(), EXTRACT, what="x")


@pytest.mark.parametrize("component", [Narrow, Demanding])
def test_a_method_that_cannot_be_called_as_it_will_be_is_refused(component):
    for each in (component, component()):
        with pytest.raises(PluginError) as caught:
            check_methods(each, EXTRACT, what="extractor 'x'")
        assert str(caught.value).startswith("extractor 'x': extract(")
        assert str(caught.value).endswith("write it as extract(trial, candidate, config)")


def test_an_attribute_that_cannot_be_called_is_a_missing_method():
    with pytest.raises(PluginError, match="x lacks extract"):
        check_methods(NoCall, EXTRACT, what="x")
