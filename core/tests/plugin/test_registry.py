from __future__ import annotations

import functools

import pytest

from themis.errors import ErrorCode, PluginError, SpecValidationError
from themis.plugin import EngineCapabilities, PluginRegistry
from themis.plugin.resolution import ComponentRequest
from themis.records import CandidateRecord, InferenceRecord


class Engine:
    def infer(self, trial, context, runtime):
        return "42"


class Extractor:
    def extract(self, trial, candidate, config=None):
        return "42"


class Metric:
    version = "1.3"

    def score(self, trial, candidate, context):
        return 1.0


def make_metric():
    return Metric()


class Judge:
    def judge(self, request):
        return "yes"


class Hook:
    def pre_inference(self, trial, prompt):
        return prompt

    def post_inference(self, trial, result):
        return result

    def pre_extraction(self, trial, candidate):
        return candidate

    post_extraction = pre_eval = post_eval = pre_extraction


@pytest.fixture
def registry() -> PluginRegistry:
    return PluginRegistry(plugins=())


def test_two_registries_share_nothing(registry):
    registry.register_metric("mine", Metric)
    assert registry.has_metric("mine")
    assert not PluginRegistry(plugins=()).has_metric("mine")


def test_a_new_registry_knows_the_built_ins(registry):
    assert registry.has_extractor("first_number")
    assert registry.has_metric("exact_match")
    assert not registry.has_metric("first_number")
    assert not registry.has_metric("no reference@")
    assert registry.get_metric_registration("exact_match").plugin_api == ">=1.0,<2"


@pytest.mark.parametrize("factory", [Metric, Metric(), make_metric, functools.partial(Metric)])
def test_a_class_a_callable_and_an_instance_are_factories(registry, factory):
    registry.register_metric("m", factory)
    assert registry.get_metric("m").score(None, None, None) == 1.0
    assert registry.resolve("metric", "m").version == "1.3"


def test_an_instance_is_given_back_and_a_class_makes_a_new_one_each_time(registry):
    instance = Judge()
    registry.register_judge("one", instance)
    registry.register_judge("many", Judge)
    assert registry.get_judge("one") is instance
    assert registry.get_judge("many") is not registry.get_judge("many")


def test_an_engine_registration_carries_its_metadata(registry):
    def count(text, model_id):
        return len(text)

    registry.register_inference_engine(
        "mine", Engine, version="2.1", capabilities={"seed": True}, prompt_token_estimator=count
    )
    found = registry.get_inference_engine_registration("mine")
    assert (found.name, found.factory, found.version) == ("mine", Engine, "2.1")
    assert (found.plugin_api, found.prompt_token_estimator) == ("1.0", count)
    assert found.capabilities == EngineCapabilities(seed=True)
    assert isinstance(registry.get_inference_engine("mine"), Engine)


def test_registration_order_grows(registry):
    registry.register_extractor("a", Extractor)
    registry.register_metric("b", Metric)
    first = registry.get_extractor_registration("a").registration_order
    assert registry.get_metric_registration("b").registration_order == first + 1


def test_an_unknown_capability_is_refused_by_name(registry):
    with pytest.raises(PluginError, match="engine 'mine': there is no capability 'seeds'; the cap"):
        registry.register_inference_engine("mine", Engine, capabilities={"seeds": True})


@pytest.mark.parametrize("call", ["get_metric", "get_metric_registration"])
def test_an_unknown_name_is_a_spec_error_that_says_plugin_incompatible(registry, call):
    with pytest.raises(SpecValidationError, match="did you mean 'exact_match'") as caught:
        getattr(registry, call)("exact_mtch")
    assert caught.value.code is ErrorCode.PLUGIN_INCOMPATIBLE


@pytest.mark.parametrize("factory", [Engine, Engine()])
def test_a_missing_method_is_refused_when_registered(registry, factory):
    with pytest.raises(SpecValidationError) as caught:
        registry.register_metric("m", factory)
    assert "lacks score(trial, candidate, context): add the method" in str(caught.value)
    assert caught.value.code is ErrorCode.PLUGIN_INCOMPATIBLE


def test_what_a_callable_makes_is_checked_when_it_is_made(registry):
    registry.register_metric("m", functools.partial(Engine))
    with pytest.raises(PluginError, match="lacks score"):
        registry.get_metric("m")


def test_an_extractor_that_takes_no_config_is_refused(registry):
    class Narrow:
        def extract(self, trial, candidate):
            return None

    for factory in (Narrow, Narrow()):
        with pytest.raises(PluginError) as caught:
            registry.register_extractor("narrow", factory)
        assert str(caught.value).endswith(
            "cannot be called with (trial, candidate, config); "
            "write it as extract(trial, candidate, config)"
        )


def test_a_class_that_needs_arguments_is_refused_with_the_way_to_give_them(registry):
    class Scaled(Metric):
        def __init__(self, factor, *, offset):
            self.factor = factor

    with pytest.raises(PluginError, match=r"its constructor needs factor, offset; register an ins"):
        registry.register_metric("scaled", Scaled)


def test_a_factory_that_raises_says_so(registry):
    registry.register_metric("m", lambda: 1 / 0)
    with pytest.raises(PluginError, match="cannot be made: ZeroDivisionError: division by zero"):
        registry.get_metric("m")


def test_registering_the_same_thing_again_changes_nothing(registry):
    registry.register_metric("m", Metric, version="1")
    before = registry.snapshot()
    registry.register_metric("m", Metric, version="1")
    assert registry.snapshot() is before


def test_another_thing_under_a_taken_name_and_version_is_refused(registry):
    registry.register_metric("m", Metric, version="1.0")
    with pytest.raises(PluginError, match=r"metric 'M' 1 is registered already; use another name"):
        registry.register_metric("M", make_metric, version="1")


def test_versions_of_one_name_coexist(registry):
    registry.register_metric("m", Metric, version="1.0")
    registry.register_metric("m", Metric, version="2.0")
    assert registry.resolve("metric", "m@1").version == "1.0"
    assert registry.resolve("metric", "m").version == "2.0"
    assert registry.has_metric("m@2")
    assert not registry.has_metric("m@3")


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"name": "a/b"}, "metric: 'a/b' is no name"),
        ({"name": "m", "version": "one"}, "version 'one' is no version; write one such as '1.0'"),
        ({"name": "m", "plugin_api": "2.0"}, "was written for plugin API 2.0, and this core has 1"),
        ({"name": "m", "plugin_api": "x"}, "metric 'm': plugin_api 'x' is no version"),
    ],
)
def test_a_bad_registration_says_what_is_wrong(registry, arguments, text):
    with pytest.raises(PluginError) as caught:
        registry.register_metric(factory=Metric, **arguments)
    assert text in str(caught.value)


def test_a_version_attribute_that_is_no_version_is_refused(registry):
    class Odd(Metric):
        version = "first"

    with pytest.raises(PluginError, match="version 'first' is no version"):
        registry.register_metric("odd", Odd)


def test_any_kind_can_be_registered_through_the_one_mechanism(registry):
    class Rows:
        def scan(self, slice_spec, query):
            yield {"question": "1 + 1"}

    registry.register("dataset_provider", "rows", Rows)
    assert isinstance(registry.get("dataset_provider", "rows"), Rows)
    with pytest.raises(PluginError, match="there is no kind 'dataset'; the kinds are engine, "):
        registry.register("dataset", "rows", Rows)


@pytest.mark.parametrize("priority", ["x", None, float("nan"), float("inf")])
def test_a_hook_whose_priority_is_no_number_is_refused(registry, priority):
    with pytest.raises(PluginError, match=r"hook 'own': priority is .*; give a number, lower one"):
        registry.register_hook("own", Hook(), priority=priority)


def test_hooks_run_by_priority_then_registration_order(registry):
    late, first, second = Hook(), Hook(), Hook
    registry.register_hook("late", late, priority=200)
    registry.register_hook("first", first, idempotent=False)
    registry.register_hook("second", second)
    found = list(registry.iter_hook_registrations())
    assert [each.name for each in found] == ["first", "second", "late"]
    assert [each.idempotent for each in found] == [False, True, True]
    hooks = list(registry.iter_hooks())
    assert (hooks[0], hooks[2]) == (first, late)
    assert isinstance(hooks[1], Hook)


def test_a_hook_that_lacks_part_of_the_contract_is_refused(registry):
    class Partial:
        def pre_inference(self, trial, prompt):
            return prompt

    with pytest.raises(PluginError) as caught:
        registry.register_hook("partial", Partial())
    assert "lacks post_inference(trial, result), pre_extraction(trial, candidate), " in str(
        caught.value
    )
    assert str(caught.value).endswith("post_eval(trial, candidate): add the methods")


def test_a_hook_is_identified_by_its_name_and_code(registry):
    registry.register_hook("My_Hook", Hook())
    (found,) = registry.iter_hook_registrations()
    assert found.identity()["hook"] == "my-hook"
    assert len(found.identity()["fingerprint"]) == 64


def test_two_hooks_of_one_name_are_refused(registry):
    registry.register_hook("h", Hook())
    with pytest.raises(PluginError, match="a hook named 'h' is registered already"):
        registry.register_hook("h", Hook())


def test_a_snapshot_taken_before_does_not_see_what_is_registered_later(registry):
    before = registry.snapshot()
    registry.register_metric("m", Metric)
    assert before.named("metric", "m") == ()


def test_a_wrong_configuration_is_collected_with_the_other_errors(registry):
    requests = [
        ComponentRequest(kind="metric", ref="exact_match", where="a", config={"nonsense": 1}),
        ComponentRequest(kind="extractor", ref="nope", where="b"),
    ]
    with pytest.raises(PluginError) as caught:
        registry.resolve_all(requests)
    assert [issue.key for issue in caught.value.issues] == ["a", "b"]
    assert "its configuration is wrong: nonsense: Extra inputs are not permitted" in str(
        caught.value
    )


def test_every_extractor_is_there_without_configuration():
    registry = PluginRegistry(plugins=())
    names = [each.name for each in registry.snapshot().registrations if each.kind == "extractor"]
    for name in names:
        assert callable(registry.get_extractor(name).extract)
    candidate = CandidateRecord(candidate_id="c", inference=InferenceRecord(raw_text="is 42"))
    read = registry.get_extractor("regex").extract(None, candidate, {"pattern": "[0-9]+"})
    assert read.parsed_answer == "42"
    with pytest.raises(ValueError, match="pattern"):
        registry.get_extractor("regex").extract(None, candidate, {})


def test_what_cannot_be_made_without_configuration_says_how_to_give_it():
    registry = PluginRegistry(plugins=())
    expected = (
        "metric builtin/rubric_score@1.0.0: its configuration is wrong: judges: Field required; "
        'rubric: Field required; give it: registry.get("metric", "rubric_score", '
        'config={"judges": ..., "rubric": ...})'
    )
    with pytest.raises(PluginError) as caught:
        registry.get_metric("rubric_score")
    assert str(caught.value) == expected
    with pytest.raises(PluginError, match=r"rubric: Field required$"):
        registry.get("metric", "rubric_score", config={"judges": ["a"]})
    assert registry.get("extractor", "regex", config={"pattern": "a"})
