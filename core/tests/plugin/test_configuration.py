from __future__ import annotations

import pytest

from themis.errors import PluginError
from themis.plugin.configuration import PluginConfig


def test_by_default_every_plugin_is_allowed():
    config = PluginConfig.from_environment({})
    assert (config.allow, config.block, dict(config.prefer)) == (None, frozenset(), {})


def test_names_are_compared_normalised():
    table = {"allow": ["My_Plugin"], "block": ["Other.One"], "prefer": {"engine:A_b": "C_d"}}
    config = PluginConfig.from_table(table, environ={})
    assert config.allow == {"my-plugin"}
    assert config.block == {"other-one"}
    assert config.preferred("engine", "a.B") == "c-d"
    assert config.preferred("metric", "a.B") is None


@pytest.mark.parametrize(
    ("environ", "allow"),
    [
        ({"THEMIS_PLUGINS": "one, Two_2"}, {"one", "two-2"}),
        ({"THEMIS_PLUGINS": ""}, {"file"}),
        ({"THEMIS_DISABLE_PLUGIN_AUTOLOAD": "1"}, set()),
        ({"THEMIS_DISABLE_PLUGIN_AUTOLOAD": "1", "THEMIS_PLUGINS": "one"}, {"one"}),
        ({"THEMIS_DISABLE_PLUGIN_AUTOLOAD": "0"}, {"file"}),
    ],
)
def test_the_environment_wins_over_the_file(environ, allow):
    assert PluginConfig.from_table({"allow": ["file"]}, environ=environ).allow == allow


@pytest.mark.parametrize(
    ("table", "issue"),
    [
        ({"alow": []}, "plugins.alow: unknown key; known are allow, block, prefer, prereleases"),
        ({"allow": "one"}, "plugins.allow: must be a list of distributions' names"),
        ({"block": [1]}, "plugins.block: must be a list of distributions' names"),
        ({"prereleases": "yes"}, "plugins.prereleases: must be true or false"),
        ({"prefer": ["x"]}, "plugins.prefer: must be a table such as "),
        (
            {"prefer": {"openai": "d"}},
            "plugins.prefer.'openai': must be '<kind>:<name>', ",
        ),
        ({"prefer": {"engine:x": 1}}, "plugins.prefer.'engine:x': must be a distribution's name"),
    ],
)
def test_a_table_that_cannot_be_used_names_the_key(table, issue):
    with pytest.raises(PluginError) as caught:
        PluginConfig.from_table(table, environ={})
    assert str(caught.value.issues[0]).startswith(issue)
    assert str(caught.value).startswith(f"[plugins] cannot be used: {issue}")


def test_every_wrong_key_is_reported_at_once():
    with pytest.raises(PluginError) as caught:
        PluginConfig.from_table({"a": 1, "block": 2, "prefer": 3}, environ={})
    assert len(caught.value.issues) == 3
