from __future__ import annotations

import asyncio
import time

import pytest
from themis_openai.config import OpenAIConfig
from themis_openai.engine import OpenAIEngine

from themis.plugin import InferenceEngine, InferenceRuntime
from themis.testing import FaultServer, NeverAnswers, always, make_trial


def engine_for(server, **config):
    return OpenAIEngine(OpenAIConfig(base_url=server.base_url, api_key_env=None, **config))


async def infer(engine, text="hi"):
    result = await engine.infer(make_trial(text), {}, InferenceRuntime())
    return result.inference.raw_text


def test_it_is_an_inference_engine():
    assert isinstance(OpenAIEngine(), InferenceEngine)
    assert repr(OpenAIEngine()) == "OpenAIEngine('https://api.openai.com/v1', api='chat')"


@pytest.mark.parametrize("stream", [False, True])
def test_many_calls_at_once_each_get_their_own_answer(stream):
    async def main(server):
        engine = engine_for(server, stream=stream)
        answers = await asyncio.gather(*(infer(engine, str(n)) for n in range(200)))
        await engine.close()
        return answers

    with FaultServer(latency=0.01) as server:
        assert asyncio.run(main(server)) == [str(n) for n in range(200)]
        assert server.peak_in_flight > 100


def test_no_more_connections_are_opened_than_configured():
    async def main(server):
        engine = engine_for(server, max_connections=3)
        await asyncio.gather(*(infer(engine, str(n)) for n in range(12)))
        await engine.close()

    with FaultServer(latency=0.01) as server:
        asyncio.run(main(server))
        assert server.peak_in_flight == 3


@pytest.mark.parametrize("stream", [False, True])
def test_a_connection_is_used_again(stream):
    async def main(server):
        engine = engine_for(server, stream=stream)
        for _ in range(5):
            await infer(engine)
        await engine.close()

    with FaultServer() as server:
        asyncio.run(main(server))
        assert server.connections == 1


def test_closing_twice_is_fine_and_a_closed_engine_can_be_used_again():
    async def main(server):
        engine = engine_for(server)
        await engine.close()
        await infer(engine)
        await engine.close()
        await engine.close()
        answer = await infer(engine)
        await engine.close()
        return answer

    with FaultServer() as server:
        assert asyncio.run(main(server)) == "hi"


def test_one_engine_works_in_one_loop_after_another():
    async def once(engine):
        answer = await infer(engine)
        await engine.close()
        return answer

    with FaultServer() as server:
        engine = engine_for(server)
        assert [asyncio.run(once(engine)) for _ in range(2)] == ["hi", "hi"]


def test_a_cancelled_call_ends_at_once():
    async def main(server):
        engine = engine_for(server)
        task = asyncio.ensure_future(infer(engine))
        await asyncio.sleep(0.05)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await engine.close()

    with FaultServer(faults=always(NeverAnswers())) as server:
        started = time.perf_counter()
        asyncio.run(main(server))
        assert time.perf_counter() - started < 2


def test_a_query_is_added_to_the_url():
    async def main(server):
        engine = engine_for(server, query={"api-version": "2024-10-21"})
        await infer(engine)
        await engine.close()

    with FaultServer() as server:
        asyncio.run(main(server))
        assert server.calls[0].path == "/v1/chat/completions?api-version=2024-10-21"


def test_a_proxy_is_asked_in_place_of_the_server(monkeypatch):
    async def main(proxy):
        url = proxy.base_url.removesuffix("/v1")
        engine = OpenAIEngine(
            OpenAIConfig(base_url="http://model.test/v1", api_key_env=None, proxy=url)
        )
        answer = await infer(engine)
        await engine.close()
        return answer

    with FaultServer() as proxy:
        assert asyncio.run(main(proxy)) == "hi"
        assert proxy.calls[0].path == "http://model.test/v1/chat/completions"


def test_the_environments_proxy_is_asked_unless_the_host_is_excepted(monkeypatch):
    async def main(url):
        engine = OpenAIEngine(OpenAIConfig(base_url=url, api_key_env=None))
        await infer(engine)
        await engine.close()

    with FaultServer() as proxy, FaultServer() as server:
        monkeypatch.setenv("http_proxy", proxy.base_url.removesuffix("/v1"))
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        asyncio.run(main("http://model.test/v1"))
        asyncio.run(main(server.base_url))
        assert (proxy.count(), server.count()) == (1, 1)
