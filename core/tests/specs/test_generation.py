from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from themis.specs import GenerationSpec, McpServerSpec, ToolSpec


def test_a_generation_stage_needs_nothing() -> None:
    stage = GenerationSpec()
    assert stage.tools == stage.mcp_servers == stage.follow_ups == []


def test_a_tool_takes_no_arguments_unless_it_says_so() -> None:
    assert ToolSpec(name="now").parameters == {"type": "object", "properties": {}}


@pytest.mark.parametrize("handler", ["module", "module.function", "a:", ":b", "a b:c"])
def test_a_handler_is_named_by_module_and_function(handler: str) -> None:
    with pytest.raises(
        ValidationError, match=r'names no function; write "package\.module:function"'
    ):
        ToolSpec(name="t", handler=handler)
    assert ToolSpec(name="t", handler="pkg.mod:run").handler == "pkg.mod:run"


@pytest.mark.parametrize(
    ("fields", "found"),
    [({}, "neither"), ({"server_url": "https://h", "connector_id": "c"}, "both")],
)
def test_a_server_has_exactly_one_address(fields: dict[str, Any], found: str) -> None:
    with pytest.raises(
        ValidationError, match=f"exactly one of server_url and connector_id; {found} was given"
    ):
        McpServerSpec(require_approval="never", **fields)


def test_approval_must_be_decided() -> None:
    with pytest.raises(ValidationError, match="require_approval\n  Field required"):
        McpServerSpec(connector_id="c")


@pytest.mark.parametrize("url", ["ftp://h/x", "host/path", "https://", "http://[bad"])
def test_a_server_url_is_an_http_url(url: str) -> None:
    with pytest.raises(ValidationError, match=r"server_url: is no http\(s\) URL"):
        McpServerSpec(server_url=url, require_approval="always")


def test_a_header_never_holds_a_credential() -> None:
    with pytest.raises(ValidationError, match=r"headers\.Authorization: .*write \"env:NAME\""):
        McpServerSpec(
            server_url="https://h/x",
            require_approval="never",
            headers={"Authorization": "Bearer x"},
        )


def test_a_header_may_refer_to_a_credential() -> None:
    headers = {"Authorization": "Bearer env:TOKEN", "x-team": "a"}
    server = McpServerSpec(server_url="https://h/x", require_approval="never", headers=headers)
    assert server.headers == headers


def test_a_server_without_a_label_is_called_after_its_address() -> None:
    assert McpServerSpec(server_url="https://h.org/x", require_approval="never").label == "h.org"
    assert McpServerSpec(connector_id="drive", require_approval="never").label == "drive"
    named = McpServerSpec(connector_id="drive", require_approval="never", server_label="files")
    assert named.label == "files"


def test_tools_and_servers_have_names_of_their_own() -> None:
    server = {"connector_id": "drive", "require_approval": "never"}
    with pytest.raises(ValidationError) as caught:
        GenerationSpec(tools=[{"name": "t"}, {"name": "t"}], mcp_servers=[server, server])
    assert "tools[1].name: 't' is used twice; rename one tool" in str(caught.value)
    assert "mcp_servers[1].server_label: 'drive' is used twice" in str(caught.value)


def test_at_least_one_round_of_tools_is_allowed() -> None:
    with pytest.raises(ValidationError, match="max_tool_rounds"):
        GenerationSpec(max_tool_rounds=0)
