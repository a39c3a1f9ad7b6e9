"""What compiled functions are told to do: stances, functions that are never compiled, forgetting."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

import gradbook
from gradbook import compiler
from gradbook.compiler import stance
from gradbook.tensor import Tensor

WAIT = {"wait": True}
explain: Callable[[Any], Any] = gradbook.compile.explain  # type: ignore[attr-defined]


@pytest.fixture(autouse=True)
def default() -> Iterator[None]:
    """The stance is what it was."""
    yield
    assert stance.now.name == "default"
    assert stance.here.depth == 0
    assert not stance.here.eager


def doubling() -> tuple[Any, list[int]]:
    """(a compiled function, a list that grows where Python runs it)"""
    ran: list[int] = []

    def double(x: Tensor) -> Tensor:
        if not stance.now.name:
            return x
        ran.append(1)
        return x * 2

    return gradbook.compile(double, options=WAIT), ran


def plans(run: Any) -> int:
    return int(explain(run).plans)


def called(run: Any, n: int, times: int = 3) -> None:
    for _ in range(times):
        assert run(gradbook.ones(n)).tolist() == [2.0] * n


def test_no_new_plans() -> None:
    run = gradbook.compile(lambda x: x * 2, options=WAIT)
    called(run, 2)
    with compiler.set_stance("eager_on_recompile"):
        called(run, 2)
        called(run, 3)
    assert plans(run) == 1
    called(run, 3)
    assert plans(run) == 2


def test_a_new_plan_is_an_error() -> None:
    run = gradbook.compile(lambda x: x * 2, options=WAIT)
    called(run, 2)
    with compiler.set_stance("fail_on_recompile"):
        called(run, 2)
        with pytest.raises(RuntimeError, match="needs a new plan"):
            run(gradbook.ones(3))
    called(run, 3)


def test_plans_are_not_used() -> None:
    run = gradbook.compile(lambda x: x * 2, options=WAIT)
    called(run, 2)
    with compiler.set_stance("force_eager"):
        assert not stance.here.depth
        called(run, 2, 4)
    assert explain(run).aside == {"set_stance says force_eager": 4}


def test_a_stance_is_set_from_a_call_on_and_nested_ones_end() -> None:
    try:
        outer = compiler.set_stance("force_eager")
        assert stance.now.name == "force_eager"
        with compiler.set_stance("eager_on_recompile"):
            assert stance.now.name == "eager_on_recompile"
        assert stance.now.name == "force_eager"
        with outer, pytest.raises(ZeroDivisionError), compiler.set_stance():
            raise ZeroDivisionError
    finally:
        compiler.set_stance("default")


def test_a_stance_decorates() -> None:
    @compiler.set_stance("force_eager")
    def inside(depth: int = 2) -> str:
        assert stance.now.name == "force_eager"
        return inside(depth - 1) if depth else stance.now.name

    assert stance.now.name == "default"
    assert inside() == "force_eager"


def test_an_unknown_stance_is_named() -> None:
    with pytest.raises(ValueError, match=r"expected one of default, force_eager.*got 'slow'"):
        compiler.set_stance("slow")


def test_forgetting() -> None:
    run = gradbook.compile(lambda x: x * 2, options=WAIT)
    called(run, 2)
    compiler.reset()
    assert plans(run) == 0
    assert not run.calls
    called(run, 2)
    assert plans(run) == 1


@pytest.mark.parametrize("recursive", [True, False])
def test_a_disabled_function_is_run_by_python_each_time(recursive: bool) -> None:
    seen: list[float] = []
    asked: list[bool] = []

    @compiler.disable(recursive=recursive, reason="it counts")
    def look(x: Tensor) -> int:
        """Look."""
        seen.append(float(x.sum()))
        asked.append(compiler.is_compiling())
        return len(seen)

    @gradbook.compile(options=WAIT)
    def run(x: Tensor) -> Any:
        y = x * 2
        count = look(y)
        return y + 1, count

    for i in range(8):
        y, count = run(gradbook.full((2,), float(i)))
        assert (y.tolist(), count) == ([2.0 * i + 1] * 2, i + 1)
    assert seen == [4.0 * i for i in range(8)]
    assert asked == [not recursive] * 8
    assert look.__doc__ == "Look."
    assert plans(run) == 1
    assert any(reason.endswith("look is disabled: it counts") for reason, _ in explain(run))


def test_a_compiled_function_inside_a_disabled_one() -> None:
    run = gradbook.compile(lambda x: x * 2, options=WAIT)
    called(run, 2)
    assert compiler.disable(run)(gradbook.ones(2)).tolist() == [2, 2]
    assert explain(run).aside == {"it is inside a function that is disabled": 1}
    assert compiler.disable(run, recursive=False)(gradbook.ones(2)).tolist() == [2, 2]
    assert sum(explain(run).aside.values()) == 1


def test_what_cannot_be_disabled_is_an_error() -> None:
    with pytest.raises(TypeError, match="disable: expected a function, got int"):
        compiler.disable(3)


def test_a_function_can_ask_whether_it_is_compiled() -> None:
    assert not compiler.is_compiling()

    def which(x: Tensor) -> Tensor:
        return x + 1 if compiler.is_compiling() and not compiler.is_exporting() else x

    run = gradbook.compile(which, options=WAIT)
    assert [run(gradbook.zeros(())).item() for _ in range(5)] == [1.0] * 5
    assert not explain(run)
    assert which(gradbook.zeros(())).item() == 0
    with pytest.raises(ZeroDivisionError):
        gradbook.compile(lambda: 1 // 0)()
    assert not compiler.is_compiling()
