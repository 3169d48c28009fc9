from __future__ import annotations

import asyncio
import threading

import pytest

from themis.errors import ErrorCode, InferenceError, MetricError
from themis.runtime.limits import CallNotStarted
from themis.testing.virtual_clock import run_virtual


def failing(times, error=None, then="answer"):
    """An engine call that fails `times` times; counts its calls in `.calls`."""

    async def infer():
        infer.calls += 1
        if infer.calls <= times:
            raise error or InferenceError("the server closed the connection")
        return then

    infer.calls = 0
    return infer


def gate_call(make_limits, fn, *args, stage="generate", limits=None, **keywords):
    async def main():
        run = make_limits(**(limits or {}))
        return await run.provider_gate("openai", stage).call(fn, *args, **keywords)

    return run_virtual(main())


def test_a_call_gives_its_value_and_how_long_it_took(make_limits):
    outcome = gate_call(make_limits, lambda: asyncio.sleep(2.5, "answer"))

    assert (outcome.ok, outcome.value, outcome.attempts) == (True, "answer", 1)
    assert (outcome.seconds, outcome.waited_seconds) == (2.5, 0.0)
    assert outcome.failure("generate") is None


def test_arguments_are_passed_and_plain_functions_are_called_inline(make_limits):
    outcome = gate_call(make_limits, lambda a, b: (a, b, threading.get_ident()), 1, 2)

    assert outcome.value == (1, 2, threading.get_ident())


def test_a_retryable_failure_is_tried_again_until_it_succeeds(make_limits):
    infer = failing(2)

    outcome = gate_call(make_limits, infer)

    assert (outcome.value, outcome.attempts, infer.calls) == ("answer", 3, 3)
    assert outcome.waited_seconds > 0


def test_after_max_retries_the_last_error_is_the_outcome(make_limits):
    infer = failing(100)

    outcome = gate_call(make_limits, infer, limits={"max_retries": 2})

    failure = outcome.failure("generate")
    assert infer.calls == 3
    assert (failure.code, failure.attempts) == (ErrorCode.PROVIDER_UNAVAILABLE, 3)
    assert (failure.message, failure.stage) == ("the server closed the connection", "generate")
    assert failure.retryable


@pytest.mark.parametrize(
    "error",
    [
        InferenceError("bad key", code=ErrorCode.PROVIDER_AUTH),
        InferenceError("no such model", retryable=False),
        InferenceError("not JSON", code=ErrorCode.SCHEMA_MISMATCH),
    ],
)
def test_a_failure_that_no_retry_can_help_is_not_tried_again(make_limits, error):
    infer = failing(100, error)

    outcome = gate_call(make_limits, infer)

    assert (infer.calls, outcome.error) == (1, error)


def test_a_code_that_the_policy_names_is_tried_again(make_limits):
    infer = failing(1, InferenceError("not JSON", code=ErrorCode.SCHEMA_MISMATCH))

    outcome = gate_call(make_limits, infer, limits={"retryable_error_codes": ["schema_mismatch"]})

    assert (outcome.value, infer.calls) == ("answer", 2)


def test_an_unexpected_exception_is_an_outcome_that_names_the_component(make_limits):
    infer = failing(100, KeyError("choices"))

    outcome = gate_call(make_limits, infer, component="themis-x/engine")

    assert infer.calls == 1
    assert outcome.error.message == (
        "themis-x/engine raised KeyError: 'choices'; a component says what failed, and whether a "
        "retry helps, by InferenceError"
    )


def test_a_component_that_exits_the_program_is_only_a_failed_call(make_limits):
    outcome = gate_call(make_limits, failing(100, SystemExit(3)))

    assert outcome.error.message.startswith("provider 'openai' raised SystemExit: 3")


def test_a_component_that_raises_cancelled_error_itself_is_a_failed_call(make_limits):
    outcome = gate_call(make_limits, failing(100, asyncio.CancelledError("session closed")))

    assert outcome.error.message.startswith(
        "provider 'openai' raised CancelledError: session closed"
    )


def test_a_hung_call_ends_as_a_timeout_and_is_tried_again(make_limits):
    calls = []

    async def infer():
        calls.append(asyncio.get_running_loop().time())
        await asyncio.sleep(1e9)

    options = {"deadline_seconds": {"generate": 30}}
    outcome = gate_call(make_limits, infer, limits={"max_retries": 1, "options": options})

    assert len(calls) == 2
    assert outcome.error.code is ErrorCode.PROVIDER_TIMEOUT
    assert outcome.seconds == pytest.approx(30)
    assert outcome.error.message == (
        "provider 'openai' did not answer within 30 s; if it needs longer, raise "
        "deadline_seconds['generate']"
    )


def test_a_blocking_call_runs_in_a_thread_and_leaves_the_loop_free(make_limits):
    async def main():
        limits = make_limits()
        call = limits.provider_gate("openai", "generate").call
        meeting = threading.Barrier(6)
        calls = [call(meeting.wait, 30, blocking=True) for _ in range(5)]
        *outcomes, _ = await asyncio.gather(*calls, asyncio.to_thread(meeting.wait, 30))
        limits.close()
        assert [outcome.error for outcome in outcomes] == [None] * 5

    asyncio.run(main())


def test_a_hung_blocking_call_ends_as_a_timeout_and_does_not_block_the_next(make_limits):
    released = threading.Event()

    async def main():
        limits = make_limits(max_retries=0, max_in_flight_work_items=1)
        gate = limits.provider_gate("openai", "generate")
        hung = await gate.call(released.wait, 60, blocking=True, deadline=0.05)
        after = await gate.call(lambda: "answer", blocking=True)
        limits.close()
        return hung, after

    hung, after = asyncio.run(main())
    released.set()

    assert hung.error.code is ErrorCode.PROVIDER_TIMEOUT
    assert after.value == "answer"


def test_no_slot_is_held_while_a_call_waits_to_be_tried_again(make_limits):
    ended = []

    async def main():
        gate = make_limits(max_in_flight_work_items=1).provider_gate("openai", "generate")

        async def ask(name, fn):
            await gate.call(fn)
            ended.append(name)

        async with asyncio.TaskGroup() as group:
            group.create_task(ask("failing", failing(3)))
            for number in range(3):
                group.create_task(ask(number, lambda: asyncio.sleep(0.01)))

    run_virtual(main())

    assert ended == [0, 1, 2, "failing"]


def test_calls_start_in_the_order_they_came(make_limits, in_parallel):
    order = []

    async def main():
        gate = make_limits(max_in_flight_work_items=3).provider_gate("openai", "generate")

        async def infer(number):
            order.append(number)
            await asyncio.sleep(1.0)

        await in_parallel(lambda number: gate.call(infer, number), 50, workers=50)

    run_virtual(main())

    assert order == list(range(50))


def test_calls_of_different_stages_and_providers_start_in_the_order_they_came(make_limits):
    order = []

    async def infer(number):
        order.append(number)
        await asyncio.sleep(1.0)

    async def main():
        limits = make_limits(max_in_flight_work_items=1)
        gates = [
            limits.provider_gate(provider, stage)
            for provider, stage in (("a", "judge"), ("b", "generate"), ("a", "generate"))
        ]
        await asyncio.gather(*(gates[n * n % 3].call(infer, n) for n in range(12)))

    run_virtual(main())

    assert order == list(range(12))


@pytest.mark.parametrize(
    ("policy", "options"),
    [
        ({"max_in_flight_work_items": 7}, {}),
        ({}, {"stage_concurrency": {"generate": 7}}),
        ({}, {"provider_concurrency": {"openai": 7}}),
    ],
)
def test_no_more_calls_are_in_flight_than_run_stage_and_provider_allow(
    make_limits, in_parallel, simulated_provider, policy, options
):
    provider = simulated_provider()

    async def main():
        gate = make_limits(options=options, **policy).provider_gate("openai", "generate")
        await in_parallel(lambda _: gate.call(provider.infer), 100)

    run_virtual(main())

    assert provider.most_in_flight == 7


def test_a_provider_that_waits_does_not_hold_up_another(make_limits, in_parallel):
    ends = {}

    async def main():
        limits = make_limits(
            max_in_flight_work_items=10, options={"provider_rate_limits": {"a": 1}}
        )

        async def ask(number):
            name = "ab"[number % 2]
            await limits.provider_gate(name, "generate").call(lambda: asyncio.sleep(0.1))
            ends[name] = asyncio.get_running_loop().time()

        await in_parallel(ask, 20)

    run_virtual(main())

    assert ends["b"] < 2
    assert ends["a"] == pytest.approx(9 * 60 + 0.1)


def test_generation_and_judging_by_one_provider_share_its_limits(make_limits, simulated_provider):
    provider = simulated_provider()

    async def main():
        limits = make_limits(options={"provider_concurrency": {"openai": 4}})
        gates = [limits.provider_gate("openai", stage) for stage in ("generate", "judge")]
        await asyncio.gather(*(gates[n % 2].call(provider.infer) for n in range(40)))

    run_virtual(main())

    assert provider.most_in_flight == 4


def test_a_cancelled_call_frees_its_slot_and_leaves_no_task_behind(make_limits):
    async def main():
        gate = make_limits(max_in_flight_work_items=1).provider_gate("openai", "generate")
        calls = [asyncio.ensure_future(gate.call(lambda: asyncio.sleep(60))) for _ in range(3)]
        await asyncio.sleep(1)
        for call in calls:
            call.cancel()
        await asyncio.gather(*calls, return_exceptions=True)
        after = await gate.call(lambda: asyncio.sleep(0, "answer"))
        assert all(call.cancelled() for call in calls)
        return after, asyncio.all_tasks()

    after, tasks = run_virtual(main())

    assert (after.value, after.waited_seconds, len(tasks)) == ("answer", 0.0, 1)


def test_a_call_admitted_and_cancelled_in_one_moment_frees_its_slot(make_limits):
    async def main():
        gate = make_limits(max_in_flight_work_items=1).provider_gate("openai", "generate")
        release = asyncio.Event()
        first = asyncio.ensure_future(gate.call(release.wait))
        second = asyncio.ensure_future(gate.call(release.wait))
        await asyncio.sleep(1)
        release.set()
        first.add_done_callback(lambda _: second.cancel())
        await asyncio.gather(first, second, return_exceptions=True)
        return await gate.call(lambda: "answer")

    assert run_virtual(main()).waited_seconds == 0.0


def test_a_draining_run_ends_what_is_in_flight_and_starts_nothing_else(make_limits):
    async def main():
        limits = make_limits(max_in_flight_work_items=2)
        gate = limits.provider_gate("openai", "generate")
        calls = [asyncio.ensure_future(gate.call(lambda: asyncio.sleep(10))) for _ in range(5)]
        await asyncio.sleep(1)
        limits.drain()
        return await asyncio.gather(*calls, gate.call(asyncio.sleep, 1), return_exceptions=True)

    results = run_virtual(main())

    assert [type(result) is CallNotStarted for result in results] == [False] * 2 + [True] * 4


def test_a_draining_run_does_not_wait_for_a_backoff(make_limits):
    error = InferenceError("slow", code=ErrorCode.PROVIDER_RATE_LIMIT, retry_after=500)

    async def main():
        limits = make_limits()
        waiting = asyncio.ensure_future(
            limits.provider_gate("openai", "generate").call(failing(100, error))
        )
        await asyncio.sleep(1)
        limits.drain()
        with pytest.raises(CallNotStarted):
            await waiting
        return asyncio.get_running_loop().time()

    assert run_virtual(main()) == 1


def test_a_hundred_in_flight_reach_nine_tenths_of_the_ideal(make_limits, in_parallel):
    async def main():
        gate = make_limits(max_in_flight_work_items=100).provider_gate("openai", "generate")
        await in_parallel(lambda _: gate.call(lambda: asyncio.sleep(0.05)), 2000)
        return asyncio.get_running_loop().time()

    assert run_virtual(main()) <= 1.0 / 0.9


def test_a_stage_gate_turns_what_an_extractor_raises_into_an_outcome(make_limits):
    def extract():
        raise ValueError("no such group")

    outcome = asyncio.run(
        make_limits().stage_gate("parse").call(extract, component="extractor 'regex'")
    )

    assert outcome.error.code is ErrorCode.PARSE_ERROR
    assert outcome.error.message == "extractor 'regex' raised ValueError: no such group"


def test_a_stage_gate_passes_a_component_s_own_error_on(make_limits):
    error = MetricError("the reference is empty")

    async def score():
        raise error

    outcome = asyncio.run(make_limits().stage_gate("score").call(score, component="metric 'f1'"))

    assert outcome.error is error


def test_a_hung_metric_ends_as_a_timeout(make_limits):
    gate = make_limits().stage_gate("score")

    outcome = run_virtual(gate.call(asyncio.sleep, 1e9, component="metric 'slow'"))

    assert outcome.error.code is ErrorCode.PROVIDER_TIMEOUT
    assert outcome.error.message.startswith("metric 'slow' did not answer within 60 s")


def test_a_stage_gate_keeps_to_the_stage_s_concurrency(make_limits, simulated_provider):
    metric = simulated_provider()

    async def main():
        gate = make_limits(options={"stage_concurrency": {"score": 3}}).stage_gate("score")
        await asyncio.gather(*(gate.call(metric.infer, component="metric") for _ in range(20)))

    run_virtual(main())

    assert metric.most_in_flight == 3


def test_a_metric_that_waits_for_its_judge_cannot_block_the_judge(make_limits):
    async def main():
        limits = make_limits(max_in_flight_work_items=1)
        judge = limits.provider_gate("openai", "judge")

        async def score():
            return (await judge.call(lambda: asyncio.sleep(1, 0.5))).value

        score_gate = limits.stage_gate("score")
        return await asyncio.gather(
            *(score_gate.call(score, component="rubric", deadline=float("inf")) for _ in range(9))
        )

    assert [outcome.value for outcome in run_virtual(main())] == [0.5] * 9


def test_a_stage_gate_with_a_limit_starts_nothing_when_the_run_drains(make_limits):
    async def main():
        limits = make_limits(options={"stage_concurrency": {"score": 1}})
        limits.drain()
        with pytest.raises(CallNotStarted):
            await limits.stage_gate("score").call(int, component="metric")

    asyncio.run(main())


@pytest.mark.parametrize("gate", ["stage", "provider"])
def test_a_call_that_waits_for_one_that_was_not_made_was_not_made_either(make_limits, gate):
    async def score():
        raise CallNotStarted

    async def main():
        run = make_limits()
        chosen = run.stage_gate("score") if gate == "stage" else run.provider_gate("p", "judge")
        return await chosen.call(score, component="metric")

    with pytest.raises(CallNotStarted):
        run_virtual(main())
