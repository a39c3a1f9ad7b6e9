"""Gradients across a compiled call: forward in it, backward outside, as if it had not been compiled."""

from __future__ import annotations

import copy
import gc
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import gradbook
from gradbook import nn, optim
from gradbook.autograd import graph
from gradbook.nn import functional as F
from gradbook.tensor import Tensor
from tests.benchmarks.workloads import gpt

STEPS = 7
NODE = "CompiledFunctionBackward"


def close(a: Any, b: Any) -> None:
    """Assert that two tensors, or lists of them, hold about the same."""
    if isinstance(a, Tensor):
        assert isinstance(b, Tensor)
        assert (a.dtype, a.shape) == (b.dtype, b.shape)
        np.testing.assert_allclose(b.detach().numpy(), a.detach().numpy(), rtol=2e-4, atol=2e-6)
    elif isinstance(a, list | tuple):
        assert len(a) == len(b)
        for x, y in zip(a, b, strict=True):
            close(x, y)
    elif isinstance(a, float):
        assert b == pytest.approx(a, rel=2e-4, abs=2e-6, nan_ok=True)
    else:
        assert a == b


# -- models, trained -------------------------------------------------------------------------------------------------


def mlp() -> Any:
    model = nn.Sequential(nn.Linear(12, 16), nn.ReLU(), nn.Dropout(0.2), nn.Linear(16, 3))
    return model, (lambda: gradbook.randn(6, 12)), 3


def lenet() -> Any:
    model = nn.Sequential(
        nn.Conv2d(1, 4, 5, padding=2, bias=False), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(4, 6, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(24, 5),
    )  # fmt: skip
    return model, (lambda: gradbook.randn(4, 1, 12, 12)), 5


def language_model() -> Any:
    model = gpt(gradbook, vocabulary=11, width=16, heads=2, layers=2)
    return model, (lambda: gradbook.randint(0, 11, (3, 8))), 11


class Recurrent(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.lstm, self.head = nn.LSTM(5, 8, batch_first=True), nn.Linear(8, 4)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.lstm(x)[0])


def recurrent() -> Any:
    return Recurrent(), (lambda: gradbook.randn(3, 6, 5)), 4


MODELS: dict[str, Callable[[], Any]] = {"W2": mlp, "W3": lenet, "W5": language_model, "W6": recurrent}


def train(build: Callable[[], Any], how: str) -> list[Any]:
    """Train a few steps, evaluate in between. -> what each step gave and left, whether it was compiled"""
    gradbook.manual_seed(1)
    model, batch, classes = build()
    opt = optim.Adam(model.parameters(), lr=0.01)
    call: Any = model
    if how == "module":
        call = gradbook.compile(model)
    elif how == "in place":
        model.compile()

    def loss_of(x: Tensor, y: Tensor) -> Tensor:
        return F.cross_entropy(call(x).flatten(0, -2), y)

    loss_fn = gradbook.compile(loss_of) if how == "loss" else loss_of
    trace = []
    for i in range(STEPS):
        x = batch()
        y = gradbook.randint(0, classes, (int(np.prod(model(x).shape[:-1])),)) if i % 3 else None
        if y is None:
            with gradbook.no_grad():
                trace.append(call.eval()(x) if call is not model else model.eval()(x))
            model.train()
            y = gradbook.zeros(trace[-1].flatten(0, -2).shape[0], dtype=gradbook.int64)
        opt.zero_grad()
        loss = loss_fn(x, y)
        loss.backward()
        grads = [p.grad.clone() for p in model.parameters()]
        opt.step()
        trace.append(
            [loss, grads, [p.detach().clone() for p in model.parameters()], [b.clone() for b in model.buffers()]]
        )
        trace.append(gradbook.get_rng_state())
    made = {"module": call, "in place": model, "loss": loss_fn}.get(how)
    if made is not None:
        assert not gradbook.compile.explain(made)
        assert NODE in names_below(loss)
    return trace


def names_below(tensor: Tensor) -> set[str]:
    """The names of all nodes behind a tensor."""
    found, stack = set(), [tensor.grad_fn]
    while stack:
        node = stack.pop()
        if node is not None:
            found.add(node.name())
            stack += [edge for edge, _ in node.next_functions]
    return found


@pytest.mark.parametrize("how", ["module", "in place", "loss"])
@pytest.mark.parametrize("name", MODELS)
def test_trained_outside_of_what_is_compiled(name: str, how: str) -> None:
    close(train(MODELS[name], "plain"), train(MODELS[name], how))


# -- semantics: each scenario is run with the function itself and with what compile gives ----------------------------


class Case:
    """A small function with two results, of which one is computed from the other, and everything it uses."""

    def __init__(self, wrap: Callable[[Any], Any]) -> None:
        gradbook.manual_seed(2)
        self.w, self.v = gradbook.randn(3, requires_grad=True), gradbook.randn(3, requires_grad=True)
        self.a, self.x = gradbook.randn(4, 3, requires_grad=True), gradbook.randn(4, 3)
        self.plain = self.function
        self.f = wrap(self.function)
        for _ in range(3):
            for x in (self.x, self.a, self.a * 2):
                self.f(x)
        self.seen: list[Any] = []

    def function(self, x: Tensor) -> tuple[Tensor, Tensor]:
        h = (x * self.w).exp()
        return h, (h * h + x.sum() * self.v).sum()

    def state(self) -> list[Any]:
        return [self.w.grad, self.v.grad, self.a.grad, self.seen]

    def leaves(self) -> list[Tensor]:
        return [self.w, self.v, self.a]


def second_time(c: Case) -> Any:
    _, loss = c.f(c.x)
    loss.backward()
    loss.backward()


def through_the_other_result_after_it_was_freed(c: Case) -> Any:
    h, loss = c.f(c.x)
    loss.backward()
    h.sum().backward()


def retained(c: Case) -> Any:
    _, loss = c.f(c.a)
    loss.backward(retain_graph=True)
    loss.backward(retain_graph=True)
    loss.backward()


def both_results(c: Case) -> Any:
    h, loss = c.f(c.a)
    (h.sum() * 3 + loss).backward()


def one_after_the_other(c: Case) -> Any:
    h, loss = c.f(c.a)
    h.square().sum().backward(retain_graph=True)
    loss.backward()


def only_the_first(c: Case) -> Any:
    c.f(c.a)[0].sum().backward()


def calls_in_flight(c: Case) -> Any:
    results = [c.f(c.x * i) for i in range(5)]
    for _, loss in reversed(results):
        loss.backward()
    return [h for h, _ in results]


def sum_of_many_calls(c: Case) -> Any:
    total = sum(c.f(c.a * (0.1 * i))[1] for i in range(12))
    total.backward()
    return total


def calls_that_feed_each_other(c: Case) -> Any:
    h = c.a
    for _ in range(4):
        h = c.f(h)[0].log()
    h.sum().backward()


def some_never_differentiated(c: Case) -> Any:
    for _ in range(6):
        c.f(c.x)
    first = c.f(c.x)
    c.f(c.x)[1].backward()
    c.f(c.x)
    first[1].backward()


def parameter_changed_in_between(c: Case) -> Any:
    _, loss = c.f(c.x)
    with gradbook.no_grad():
        c.w.mul_(2)
    loss.backward()


def parameter_that_is_not_saved_changed(c: Case) -> Any:
    _, loss = c.f(c.x)
    with gradbook.no_grad():
        c.v.mul_(2)
    loss.backward()


def input_changed_in_between(c: Case) -> Any:
    x = c.x.clone()
    _, loss = c.f(x)
    x.zero_()
    loss.backward()


def result_changed_in_between(c: Case) -> Any:
    h, loss = c.f(c.x)
    with gradbook.no_grad():
        h.zero_()
    loss.backward()


def data_replaced_in_between(c: Case) -> Any:
    _, loss = c.f(c.x)
    c.w.data = gradbook.zeros(3)
    loss.backward()


def grad_of_some(c: Case) -> Any:
    _, loss = c.f(c.a)
    return list(gradbook.autograd.grad(loss, [c.w, c.a]))


def grad_of_a_result(c: Case) -> Any:
    h, loss = c.f(c.a)
    return list(gradbook.autograd.grad(loss, [h, c.v], retain_graph=True)) + list(gradbook.autograd.grad(loss, c.w))


def grad_of_what_was_not_used(c: Case) -> Any:
    h, _ = c.f(c.x)
    return gradbook.autograd.grad(h.sum(), [c.v])


def unused_leaf_gets_none(c: Case) -> Any:
    h, _ = c.f(c.x)
    h.sum().backward()


def backward_to_some(c: Case) -> Any:
    c.f(c.a)[1].backward(inputs=[c.a, c.v])


def given_gradients(c: Case) -> Any:
    h, loss = c.f(c.a)
    gradbook.autograd.backward([h, loss], [gradbook.ones(3, 4).t() * 2, gradbook.tensor(0.5)])


def gradient_of_another_shape(c: Case) -> Any:
    c.f(c.a)[0].backward(gradbook.ones(3))


def gradient_that_is_one_number(c: Case) -> Any:
    c.f(c.a)[0].sum(0).mean().backward()


def not_a_scalar(c: Case) -> Any:
    c.f(c.a)[0].backward()


def hooks_on_leaves(c: Case) -> Any:
    c.w.register_hook(lambda g: c.seen.append(g.clone()) or g * 2)
    c.a.register_hook(lambda g: c.seen.append(g.sum()))
    c.v.register_post_accumulate_grad_hook(lambda p: c.seen.append(p.grad.clone()))
    c.f(c.a)[1].backward()


def hooks_on_results(c: Case) -> Any:
    h, loss = c.f(c.a)
    h.register_hook(lambda g: c.seen.append(g.clone()) or g * 0.5)
    loss.register_hook(lambda g: c.seen.append(g.clone()))
    h.retain_grad()
    loss.backward()
    return h.grad


def history_before_the_call(c: Case) -> Any:
    b = c.a * 2
    b.retain_grad()
    _, loss = c.f(b)
    loss.backward()
    return b.grad


def history_that_uses_the_same_parameter(c: Case) -> Any:
    _, loss = c.f(c.a * c.w)
    loss.backward()


def history_after_the_call(c: Case) -> Any:
    h, loss = c.f(c.a)
    ((h @ gradbook.ones(3, 2)).tanh().sum() * loss).backward()


def without_grad(c: Case) -> Any:
    with gradbook.no_grad():
        h, loss = c.f(c.a)
    assert not h.requires_grad
    loss.backward()


def accumulated(c: Case) -> Any:
    for _ in range(3):
        c.f(c.a)[1].backward()


def accumulated_into_what_somebody_holds(c: Case) -> Any:
    c.f(c.a)[1].backward()
    held = c.w.grad
    c.f(c.a)[1].backward()
    assert c.w.grad is held
    c.w.grad = None
    c.f(c.a)[1].backward()
    return held


def frozen(c: Case) -> Any:
    c.w.requires_grad_(False)
    for _ in range(3):
        c.f(c.x)[1].backward()


def detached_results(c: Case) -> Any:
    h, loss = c.f(c.a)
    (h.detach() * loss).sum().backward()


def differentiated_twice(c: Case) -> Any:
    _, loss = c.f(c.a)
    (g, gw) = gradbook.autograd.grad(loss, [c.a, c.w], create_graph=True)
    (g.square().sum() + gw.sum()).backward()
    return g


def gradient_penalty_behind_a_history(c: Case) -> Any:
    b = c.a * c.w
    h, loss = c.f(b)
    (g,) = gradbook.autograd.grad(loss + h.sum(), b, create_graph=True)
    (loss + (g.norm() - 1) ** 2).backward()
    return g


def batch_of_gradients(c: Case) -> Any:
    h, _ = c.f(c.a)
    return list(gradbook.autograd.grad(h.sum(0), c.a, gradbook.eye(3), is_grads_batched=True))


def in_anomaly_mode(c: Case) -> Any:
    _, loss = c.f(c.a)
    with gradbook.autograd.set_detect_anomaly(True):
        loss.backward()


def with_saved_tensors_hooks(c: Case) -> Any:
    with graph.saved_tensors_hooks(lambda t: t * 1, lambda t: t):
        _, loss = c.f(c.a)
    loss.backward()


SCENARIOS = [
    second_time, through_the_other_result_after_it_was_freed, retained, both_results, one_after_the_other,
    only_the_first, calls_in_flight, sum_of_many_calls, calls_that_feed_each_other, some_never_differentiated,
    parameter_changed_in_between, parameter_that_is_not_saved_changed, input_changed_in_between,
    result_changed_in_between, data_replaced_in_between, grad_of_some, grad_of_a_result, grad_of_what_was_not_used,
    unused_leaf_gets_none, backward_to_some, given_gradients, gradient_of_another_shape, gradient_that_is_one_number,
    not_a_scalar, hooks_on_leaves, hooks_on_results, history_before_the_call, history_that_uses_the_same_parameter,
    history_after_the_call, without_grad, accumulated, accumulated_into_what_somebody_holds, frozen, detached_results,
    differentiated_twice, gradient_penalty_behind_a_history, batch_of_gradients, in_anomaly_mode,
    with_saved_tensors_hooks,
]  # fmt: skip


def outcome(scenario: Callable[[Case], Any], wrap: Callable[[Any], Any]) -> tuple[list[Any], Case]:
    """What a scenario gives and leaves, or how it ends."""
    case = Case(wrap)
    try:
        result = scenario(case)
    except RuntimeError as error:
        result = [type(error), str(error)[:60]]
    return [result, case.state()], case


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda f: f.__name__)
def test_backward_is_what_it_would_be(scenario: Callable[[Case], Any]) -> None:
    plain, _ = outcome(scenario, lambda f: f)
    compiled, case = outcome(scenario, gradbook.compile)
    close(plain, compiled)
    assert not case.f.report
    case.f(case.x)  # maybe recorded anew
    assert case.f(case.x)[1].grad_fn.name() == NODE or scenario is frozen


# -- what else calls may be ------------------------------------------------------------------------------------------


def test_a_second_derivative_of_what_cannot_be_run_twice_is_refused() -> None:
    model = nn.Sequential(nn.Linear(3, 3), nn.Dropout(0.5), nn.Linear(3, 1))
    call, x = gradbook.compile(model), gradbook.randn(4, 3, requires_grad=True)
    for _ in range(3):
        loss = call(x).sum()
    with pytest.raises(RuntimeError, match="draws random numbers"):
        gradbook.autograd.grad(loss, x, create_graph=True)
    loss.backward()  # it was not used up
    with pytest.raises(RuntimeError, match="second time"):
        loss.backward()


def test_gradients_that_are_handed_out_share_no_memory() -> None:
    a, b = gradbook.randn(3, requires_grad=True), gradbook.randn(3, requires_grad=True)

    @gradbook.compile
    def add(c: float) -> Tensor:
        return (a + b) * c

    kept: list[Any] = []
    for i in range(6):
        add(2.0).backward(gradbook.full((3,), float(i)))
        kept.append((a.grad, b.grad))
        a.grad.mul_(10)  # type: ignore[union-attr]
        a.grad = b.grad = None
    for i, (ga, gb) in enumerate(kept):
        assert (ga.tolist(), gb.tolist()) == ([20.0 * i] * 3, [2.0 * i] * 3)


def test_memory_of_calls_is_used_again_and_no_more_is_kept_than_that() -> None:
    call, x = gradbook.compile(mlp()[0]), gradbook.randn(6, 12)
    for _ in range(4):
        call(x).sum().backward()
    (variants,) = call.forward.variants.values()
    flights = variants[0].flights
    assert len(flights.spare) == 1
    waiting = [call(x) for _ in range(9)]
    assert not flights.spare
    del waiting
    gc.collect()
    assert len(flights.spare) == 4


def test_some_of_several_results_at_a_time() -> None:
    def build() -> Any:
        trunk = nn.Linear(4, 6)
        heads = [nn.Linear(6, 3), nn.Linear(6, 2, bias=False), nn.Linear(6, 5)]

        def f(x: Tensor) -> list[Tensor]:
            h = trunk(x).tanh()
            parts = heads[2](h).split([2, 3], dim=1)
            return [heads[0](h), heads[1](h).exp(), *parts]

        return f, [p for m in (trunk, *heads) for p in m.parameters()]

    traces = []
    for wrap in (lambda f: f, gradbook.compile):
        gradbook.manual_seed(5)
        f, leaves = build()
        f, trace, x = wrap(f), [], gradbook.randn(7, 4)
        for asked in [(0, 1, 2, 3)] * 3 + [(0,), (1,), (2,), (3,), (2, 3), (0, 3), (1,), (2,)] * 2:
            for leaf in leaves:
                leaf.grad = None
            results = f(x)
            sum(results[i].square().sum() for i in asked).backward()
            trace.append([results, [leaf.grad for leaf in leaves]])
        traces.append(trace)
    close(*traces)
    assert not f.report
    assert gradbook.compile.explain(f) == []


def test_a_result_that_is_returned_twice_is_one_tensor() -> None:
    w = gradbook.ones(3, requires_grad=True)

    @gradbook.compile
    def f() -> Any:
        y = w * 2
        return y, {"same": y, "pair": (y.sum(), 3)}

    for _ in range(4):
        w.grad = None
        y, more = f()
        assert y is more["same"]
        (y.sum() + more["pair"][0]).backward()
        assert w.grad.tolist() == [4.0] * 3
    assert NODE in names_below(y)


def test_what_gives_an_argument_another_history_stays_with_python() -> None:
    w = gradbook.ones(3, requires_grad=True)

    @gradbook.compile
    def f(x: Tensor) -> Tensor:
        x.mul_(w)
        return x.sum()

    for _ in range(4):
        x = gradbook.ones(3)
        f(x).backward()
        assert x.grad_fn is not None
    assert w.grad.tolist() == [4.0] * 3
    assert f.report[0][0] == "an argument is given another history"


def test_a_view_of_what_was_there_stays_a_view() -> None:
    x = gradbook.zeros(3, 2)
    f = gradbook.compile(lambda: x[1])
    for i in range(4):
        f().add_(1)
        assert x[1].tolist() == [i + 1.0] * 2
    assert not f.report


def test_backward_within_that_goes_on_outside_stays_with_python() -> None:
    a = gradbook.ones(3, requires_grad=True)

    @gradbook.compile
    def f(x: Tensor) -> Tensor:
        loss = (x * x).sum()
        loss.backward()
        return loss

    for i in range(4):
        f(a * 3)
        assert a.grad.tolist() == [18.0 * (i + 1)] * 3
    assert f.report[0][0] == "backward goes on into the history of an argument"


def test_hooks_of_modules_are_run_by_python() -> None:
    model, seen = mlp()[0].eval(), []
    call, x = gradbook.compile(model), gradbook.randn(6, 12)
    for _ in range(3):
        call(x)
    handle = model[3].register_full_backward_hook(lambda m, gi, go: seen.append(go[0].shape))
    for _ in range(3):
        call(x).sum().backward()
    assert len(seen) == 3
    assert "hooks" in call.forward.report[0][0]
    handle.remove()
    around: list[Any] = []
    call.register_forward_hook(lambda m, args, out: around.append(type(m).__name__) or out * 2)
    close(call(x), model(x) * 2)
    assert around == ["OptimizedModule"]


def test_compiled_inside_of_what_is_compiled() -> None:
    def trained(wrap: Callable[[Any], Any]) -> Any:
        gradbook.manual_seed(3)
        model, batch, _ = mlp()
        inner, head = wrap(model), nn.Linear(3, 1)
        norm = wrap(lambda y: y.square().mean())
        if wrap is gradbook.compile:
            head.compile()
        opt = optim.SGD([*model.parameters(), *head.parameters()], lr=0.1)
        x = batch()

        def step() -> Tensor:
            opt.zero_grad()
            loss = norm(head(inner(x)))
            loss.backward()
            opt.step()
            return loss

        whole = wrap(step)
        return [whole() for _ in range(6)], whole

    losses, whole = trained(gradbook.compile)
    close(trained(lambda f: f)[0], losses)
    assert not whole.report


def test_in_the_background_nothing_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GRADBOOK_COMPILE")
    model, batch, _ = mlp()
    call, x = gradbook.compile(model.eval()), batch()
    for _ in range(3):
        call(x).sum().backward()
    assert call.forward.wait(20)
    out = call(x)
    assert out.grad_fn.name() == NODE
    model.zero_grad()
    out.sum().backward()
    found = [p.grad for p in model.parameters()]
    model.zero_grad()
    model(x).sum().backward()
    close([p.grad for p in model.parameters()], found)


# -- modules ---------------------------------------------------------------------------------------------------------


def described(library: Any) -> list[Any]:
    """What a compiled module looks like, with PyTorch or gradbook."""
    layers = library.nn
    model = layers.Sequential(layers.Linear(3, 2), layers.BatchNorm1d(2))
    call = library.compile(model, backend="eager")
    found = [type(call).__name__, isinstance(call, layers.Module), isinstance(call, layers.Sequential), len(call)]
    found += [list(call.state_dict()), [n for n, _ in call.named_parameters()], [n for n, _ in call.named_modules()]]
    found += [repr(call), call.training, model.eval().training, call.training]
    found += [call.train() is call, model.training, model[1].training, call.eval().training, model[1].training]
    model.mark = 3
    call.other = 4
    found += [call.mark, model.other, "other" in vars(call)]
    del call.other
    found += [hasattr(model, "other"), call._orig_mod is model, [n for n, _ in call.named_children()]]
    call.extra = layers.Linear(1, 1)
    found += [list(call._modules), list(model._modules)]
    for attempt in (lambda: call.nothing, lambda: list(call), lambda: call[0]):
        try:
            found.append(attempt())
        except (AttributeError, TypeError) as error:
            found.append(type(error).__name__)
    copied = copy.deepcopy(call)
    found += [type(copied).__name__, copied._orig_mod is model, list(copied.state_dict()), copied.training]
    try:
        call.load_state_dict(model.state_dict())
    except RuntimeError as error:
        found.append(str(error).split(chr(10))[:2])
    found.append([str(key) for key in call.load_state_dict(call.state_dict())])
    called: list[str] = []
    call.apply(lambda m: called.append(type(m).__name__))
    found += [called, call.double() is call, str(model[0].weight.dtype).split(".")[1]]
    found += [library.compile(model, disable=True) is model, model.compile(backend="eager")]
    found += [list(model.state_dict()), copy.deepcopy(model)._compiled_call_impl is None]
    return found


def test_a_compiled_module_is_what_it_is_in_pytorch() -> None:
    torch = pytest.importorskip("torch")
    for ours, theirs in zip(described(gradbook), described(torch), strict=True):
        assert ours == theirs


def test_a_compiled_module_can_be_pickled() -> None:
    call, x = gradbook.compile(lenet()[0].eval()), gradbook.randn(4, 1, 12, 12)
    for _ in range(3):
        out = call(x)
    read = pickle.loads(pickle.dumps(call))
    for _ in range(3):
        close(read(x), out)
    assert read(x).grad_fn.name() == NODE
    model = call._orig_mod
    model.compile()
    assert "_compiled_call_impl" not in vars(pickle.loads(pickle.dumps(model)))


def test_lazy_modules_elsewhere_and_here() -> None:
    waiting = nn.LazyLinear(2)  # it has parameters without memory
    call, x = gradbook.compile(nn.Sequential(nn.LazyLinear(4), nn.ReLU(), nn.LazyLinear(1))), gradbook.randn(3, 5)
    for _ in range(3):
        out = call(x)
    assert not call.forward.report
    assert out.grad_fn.name() == NODE
    assert waiting.in_features == 0


def test_what_is_not_callable_is_refused() -> None:
    with pytest.raises(TypeError, match="expected a function or a module, got int"):
        gradbook.compile(3)
    with pytest.raises(TypeError, match="explain: expected"):
        gradbook.compile.explain(nn.Linear(1, 1))


def test_modes_shapes_and_frozen_parameters_have_plans_of_their_own() -> None:
    traces = []
    for wrap in (lambda f: f, gradbook.compile):
        gradbook.manual_seed(3)
        model, _, _ = lenet()
        call, trace = wrap(model), []
        for i in range(24):
            model.train(i % 4 < 2)
            model[4].requires_grad_(i % 3 > 0)
            model.zero_grad()
            out = call(gradbook.randn(3 + i % 2, 1, 12, 12))
            out.square().mean().backward()
            trace.append([out, [p.grad for p in model.parameters()], [b.clone() for b in model.buffers()]])
        traces.append(trace)
    close(*traces)
    assert not call.forward.report
