from __future__ import annotations

import enum
import subprocess
import sys
import textwrap

import pydantic
import pytest

from themis.errors import PluginError
from themis.plugin import (
    EngineCapabilities,
    ExtractorDeclaration,
    InferenceEngineDeclaration,
    MetricDeclaration,
    PluginRegistry,
)
from themis.plugin.component import ResolvedComponent
from themis.plugin.registration import Distribution, Registration

HERE = __name__


class Mode(enum.Enum):
    FAST = "fast"


class Settings(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(extra="forbid")

    threshold: float = 0.5
    words: frozenset[str] = frozenset({"b", "a", "c"})
    mode: Mode = Mode.FAST
    key: pydantic.SecretStr = pydantic.SecretStr("hunter2")
    timeout: float = pydantic.Field(default=60.0, exclude=True)


class Metric:
    def __init__(self, settings=None):
        self.settings = settings

    def score(self, trial, candidate, context):
        return 1.0


class Extractor:
    def extract(self, trial, candidate, config=None):
        return config


class Lacking:
    pass


class Failing(Metric):
    def __init__(self, settings=None):
        raise OSError("no such model")


READY = Metric()


@pytest.fixture(autouse=True)
def _importable(monkeypatch):
    monkeypatch.setitem(sys.modules, "fake_components", sys.modules[HERE])


def resolved(kind=MetricDeclaration, **fields) -> ResolvedComponent:
    fields = {"name": "My_Metric", "implementation": "fake_components:Metric", **fields}
    declaration = kind(**{"version": "1.2", **fields})
    distribution = Distribution(name="Acme.Metrics", version="3.4.5")
    return ResolvedComponent(Registration(declaration=declaration, distribution=distribution))


def test_it_carries_what_the_manifest_records():
    component = resolved(config="fake_components:Settings")
    assert (component.kind, component.name, component.version) == ("metric", "My_Metric", "1.2")
    assert (component.provider, component.distribution_version) == ("acme-metrics", "3.4.5")
    assert component.implementation == "fake_components:Metric"
    assert component.config_model == "fake_components:Settings"
    assert component.label == "metric acme-metrics/My_Metric@1.2"


def test_it_is_made_with_its_validated_configuration():
    made = resolved(config="fake_components:Settings").make({"threshold": "0.25"})
    assert made.settings == Settings(threshold=0.25)


def test_without_a_config_model_it_is_made_with_nothing():
    assert resolved().make({"any": "thing"}).settings is None


def test_an_extractor_is_made_with_nothing_and_configured_per_call():
    fields = {"implementation": "fake_components:Extractor", "config": "fake_components:Settings"}
    component = resolved(ExtractorDeclaration, **fields)
    assert isinstance(component.make({"threshold": 1}), Extractor)
    assert component.configure({"threshold": 1}) == Settings(threshold=1)


def test_an_implementation_that_is_an_instance_is_given_as_it_is():
    assert resolved(implementation="fake_components:READY").make() is READY


def test_a_wrong_configuration_names_the_fields_and_never_the_values():
    component = resolved(config="fake_components:Settings")
    with pytest.raises(PluginError) as caught:
        component.configure({"threshold": "much", "treshold": 1, "key": ["s3cret"]})
    assert [issue.key for issue in caught.value.issues] == ["threshold", "key", "treshold"]
    assert str(caught.value).startswith(
        "metric acme-metrics/My_Metric@1.2: its configuration is wrong: threshold: Input should be"
    )
    assert "s3cret" not in str(caught.value)


def test_a_configuration_that_is_no_table_is_refused():
    with pytest.raises(PluginError, match=r"must be a table of settings, not \['a'\]"):
        resolved().configure(["a"])


def test_the_identity_is_name_version_and_configuration_and_no_provenance():
    identity = resolved(config="fake_components:Settings").identity({"threshold": 0.5})
    assert identity == {
        "component": "my-metric@1.2",
        "config": {
            "threshold": 0.5,
            "words": ["a", "b", "c"],
            "mode": "fast",
            "key": "**********",
        },
    }


def test_defaults_written_out_or_left_out_give_one_identity():
    component = resolved(config="fake_components:Settings")
    assert component.identity() == component.identity({"mode": "fast", "timeout": 5})
    assert component.identity() != component.identity({"threshold": 0.6})


def test_a_local_component_has_its_fingerprint_in_its_identity():
    registry = PluginRegistry(plugins=())
    registry.register_metric("mine", Metric, version="2.0")
    identity = registry.resolve("metric", "mine").identity({"a": 1})
    assert identity["component"] == "mine@2.0"
    assert identity["config"] == {"a": 1}
    assert len(identity["fingerprint"]) == 64


def test_a_configuration_that_cannot_be_hashed_is_an_error():
    with pytest.raises(PluginError, match="its configuration cannot be part of a key"):
        resolved().identity({"client": object()})


@pytest.mark.parametrize(
    ("implementation", "text"),
    [
        ("fake_nowhere:X", "fake_nowhere:X cannot be imported: ModuleNotFoundError"),
        ("fake_components:Nope", "has no attribute 'Nope'; reinstall or upgrade"),
        ("fake_components:Lacking", "lacks score(trial, candidate, context): add the method"),
        ("fake_components:Failing", "cannot be made: OSError: no such model"),
    ],
)
def test_an_implementation_that_cannot_be_used_says_why(implementation, text):
    with pytest.raises(PluginError) as caught:
        resolved(implementation=implementation).make()
    assert text in str(caught.value)
    assert str(caught.value).startswith("metric acme-metrics/My_Metric@1.2")


def test_a_missing_sdk_is_named(site):
    module = site.install("sdk-one", "import a_missing_sdk")
    with pytest.raises(PluginError, match="install the package that provides 'a_missing_sdk'"):
        resolved(implementation=f"{module}:X").load()


def test_a_config_model_that_is_no_model_is_refused():
    with pytest.raises(PluginError, match="config model fake_components:Metric is no pydantic mod"):
        resolved(config="fake_components:Metric").configure({})


def test_an_engine_has_capabilities_and_perhaps_a_token_estimator():
    able = EngineCapabilities(seed=True)
    engine = resolved(InferenceEngineDeclaration, capabilities=able, token_estimator="builtins:len")
    assert engine.capabilities is able
    assert engine.token_estimator() is len
    with pytest.raises(PluginError, match="is no engine and has no capabilities"):
        _ = resolved().capabilities
    assert resolved().token_estimator() is None


def test_the_identity_is_the_same_in_another_process():
    code = """
        from themis.plugin import PluginRegistry
        registry = PluginRegistry(plugins=())
        print(registry.resolve("metric", "exact_match").identity())
    """
    texts = {
        subprocess.run(
            [sys.executable, "-c", textwrap.dedent(code)],
            capture_output=True, text=True, check=True, env={"PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2")
    }  # fmt: skip
    assert len(texts) == 1
