"""The backward walk: accumulation, order, freeing, hooks, what is asked for, and what is refused."""

from __future__ import annotations

import gc
import threading
import weakref

import numpy as np
import pytest

import gradbook
from gradbook import autograd
from gradbook.nn import functional as F


def leaf(*values: float, dtype=gradbook.float64) -> gradbook.Tensor:
    return gradbook.tensor(values if len(values) > 1 else values[0], dtype=dtype, requires_grad=True)


def test_a_tensor_used_twice_gets_both_gradients():
    x = leaf(3.0)
    (x * x + x).backward()
    assert x.grad.item() == 7.0


@pytest.mark.parametrize(
    "function",
    [
        lambda a: a @ a,
        lambda a: gradbook.bmm(a[None], a[None]),
        lambda a: gradbook.mm(a, a),
        lambda a: F.linear(a, a),
        lambda a: F.linear(a, a, a[0]),
        lambda a: F.scaled_dot_product_attention(a, a, a),
        lambda a: F.mse_loss(a, a * a),
        lambda a: F.layer_norm(a, (4,), a[0], a[1]),
        lambda a: gradbook.where(a > 0, a, a),
        lambda a: gradbook.cat([a, a]),
    ],
)
def test_an_intermediate_given_twice_to_one_operation(function):
    """Rules that give all gradients at once (Op.together, Op.backward) give both to the same node."""
    x = gradbook.tensor(np.random.default_rng(0).standard_normal((4, 4)), requires_grad=True)
    weight = gradbook.arange(function(x.detach()).numel(), dtype=gradbook.float64).cos()
    loss = (function(x * 1.5).flatten() * weight).sum()
    (wanted,) = gradbook.autograd.grad(loss, x, create_graph=True)
    loss.backward()
    np.testing.assert_allclose(x.grad.numpy(), wanted.detach().numpy(), rtol=1e-12)


def test_hooks_and_notes_on_one_node_leave_the_walk_of_others_alone():
    seen = []
    x = gradbook.ones(3, requires_grad=True)
    y, z = x * 2, x * 3
    y.grad_fn.metadata["mine"] = 1
    handle = y.grad_fn.register_hook(lambda inputs, outputs: seen.append((len(inputs), outputs[0].tolist())))
    z.sum().backward()
    assert not seen
    y.sum().backward(retain_graph=True)
    assert seen == [(2, [1.0, 1.0, 1.0])]
    handle.remove()
    y.sum().backward()
    assert len(seen) == 1


def test_gradients_accumulate_over_backwards():
    x = leaf(3.0)
    (x * 2).backward()
    (x * 2).backward()
    assert x.grad.item() == 4.0


def test_leaves_never_share_a_gradient_buffer():
    a, b = leaf(1.0, 2.0), leaf(3.0, 4.0)
    upstream = gradbook.tensor([1.0, 1.0], dtype=gradbook.float64)
    (a + b).backward(upstream)
    a.grad.mul_(10)
    assert b.grad.tolist() == [1.0, 1.0]
    assert upstream.tolist() == [1.0, 1.0]


@pytest.mark.parametrize("function", [lambda x, y: x * 2, lambda x, y: y.exp() * x, lambda x, y: (x * y).tanh()])
def test_a_gradient_that_nobody_else_holds_is_not_copied(function):
    x, y = leaf(1.0, 2.0), leaf(3.0, 4.0)
    made = {}
    for tensor in (x, y):
        tensor.register_hook(lambda grad, tensor=tensor: made.setdefault(id(tensor), grad.data_ptr()) and None)
    function(x, y).backward(gradbook.ones(2, dtype=gradbook.float64))
    for tensor in (x, y):
        assert tensor.grad is None or tensor.grad.data_ptr() == made[id(tensor)]


def test_a_graph_a_hundred_thousand_deep():
    x = leaf(1.0)
    y = x
    for _ in range(100_000):
        y = y + 1.0
    y.backward()
    assert x.grad.item() == 1.0
    del y


def test_a_second_backward_needs_retain_graph():
    x = leaf(2.0)
    y = x * x
    y.backward(retain_graph=True)
    y.backward()
    assert x.grad.item() == 8.0
    with pytest.raises(RuntimeError, match="second time"):
        y.backward()


def test_nodes_that_keep_nothing_can_be_walked_again():
    x = leaf(2.0)
    y = x + x
    y.backward()
    y.backward()
    assert x.grad.item() == 4.0


def test_a_non_scalar_needs_a_gradient():
    with pytest.raises(RuntimeError, match=r"only for scalar outputs.*shape"):
        (leaf(1.0, 2.0) * 2).backward()


def test_nothing_that_requires_grad():
    with pytest.raises(RuntimeError, match="does not require grad and does not have a grad_fn"):
        gradbook.tensor(1.0).backward()


def test_a_gradient_of_another_shape_is_refused():
    with pytest.raises(RuntimeError, match="Mismatch in shape"):
        (leaf(1.0, 2.0) * 2).backward(gradbook.ones(3, dtype=gradbook.float64))


def test_integers_cannot_require_grad():
    with pytest.raises(RuntimeError, match="nly Tensors of floating point"):
        gradbook.tensor([1, 2], requires_grad=True)


def test_grad_leaves_the_leaves_alone():
    x, w = leaf(3.0), leaf(5.0)
    (found,) = autograd.grad(x * w, x)
    assert found.item() == 5.0
    assert x.grad is None
    assert w.grad is None


def test_grad_of_an_intermediate():
    x = leaf(3.0)
    y = x * x
    (found,) = autograd.grad(y * y, y)
    assert found.item() == 18.0


def test_unused_inputs():
    x, unused = leaf(3.0), leaf(1.0)
    with pytest.raises(RuntimeError, match="not have been used"):
        autograd.grad(x * x, [x, unused])
    found = autograd.grad(x * x, [x, unused], allow_unused=True)
    assert found[1] is None
    found = autograd.grad(x * x, [x, unused], materialize_grads=True)
    assert found[1].item() == 0.0


def test_third_derivative():
    x = leaf(2.0)
    y = x * x * x * x
    for expected in (32.0, 48.0, 48.0, 24.0):
        (y,) = autograd.grad(y, x, create_graph=True)
        assert y.item() == expected


def test_backward_with_inputs_touches_only_them():
    x, w = leaf(3.0), leaf(5.0)
    (x * w).backward(inputs=[w])
    assert w.grad.item() == 3.0
    assert x.grad is None


def test_hooks_on_leaf_and_intermediate():
    x = leaf(3.0)
    y = x * 2
    seen = []
    handle = y.register_hook(lambda g: seen.append(g.item()))
    y.register_hook(lambda g: g * 10)
    x.register_hook(lambda g: g + 1)
    (y * 1).backward(retain_graph=True)
    assert seen == [1.0]
    assert x.grad.item() == 21.0
    handle.remove()
    (y * 1).backward()
    assert seen == [1.0]


def test_retain_grad():
    x = leaf(3.0)
    y = x * 2
    y.retain_grad()
    (y * y).backward()
    assert y.grad.item() == 12.0
    assert x.grad.item() == 24.0


def test_post_accumulate_hook_sees_the_gradient():
    x = leaf(3.0)
    seen = []
    x.register_post_accumulate_grad_hook(lambda t: seen.append(t.grad.item()))
    (x * 2).backward()
    assert seen == [2.0]


def test_no_grad_as_context_decorator_and_generator():
    x = leaf(1.0)
    with gradbook.no_grad():
        assert not (x * 2).requires_grad
        with gradbook.enable_grad():
            assert (x * 2).requires_grad
    assert not gradbook.no_grad()(lambda: x * 2)().requires_grad

    @gradbook.no_grad()
    def numbers():
        yield (x * 2).requires_grad

    assert list(numbers()) == [False]
    assert (x * 2).requires_grad


def test_grad_mode_is_restored_after_an_error():
    with pytest.raises(ValueError, match="mine"), gradbook.no_grad():
        raise ValueError("mine")
    assert gradbook.is_grad_enabled()


def test_grad_mode_is_per_thread():
    seen = []
    with gradbook.no_grad():
        thread = threading.Thread(target=lambda: seen.append(gradbook.is_grad_enabled()))
        thread.start()
        thread.join()
    assert seen == [True]


def test_set_grad_enabled_as_a_function_lasts():
    gradbook.set_grad_enabled(False)
    try:
        assert not (leaf(1.0) * 2).requires_grad
    finally:
        gradbook.set_grad_enabled(True)
    assert (leaf(1.0) * 2).requires_grad


def test_a_value_changed_after_it_was_saved_is_refused():
    x = leaf(1.0, 2.0)
    y = x * 1.0
    z = y * y
    y.add_(1)
    with pytest.raises(RuntimeError, match=r"modified by an inplace operation.*MulBackward0"):
        z.sum().backward()


def test_a_change_before_the_value_is_saved_is_fine():
    x = leaf(1.0, 2.0)
    y = x * 1.0
    y.mul_(3)
    (y * y).sum().backward()
    assert x.grad.tolist() == [18.0, 36.0]


def test_a_change_to_what_no_rule_needs_is_fine():
    x = leaf(1.0, 2.0)
    y = x * 1.0
    z = y * 2
    y.add_(1)
    z.sum().backward()
    assert x.grad.tolist() == [2.0, 2.0]


def test_a_step_between_forward_and_backward_is_noticed():
    w = leaf(1.0, 2.0)
    y = (w * w).sum()
    with gradbook.no_grad():
        w.sub_(0.1)
    with pytest.raises(RuntimeError, match="inplace"):
        y.backward()


def test_leaves_cannot_be_changed_in_place_while_recording():
    x = leaf(1.0)
    with pytest.raises(RuntimeError, match="leaf Variable that requires grad"):
        x.add_(1)
    with gradbook.no_grad():
        x.add_(1)
    assert x.item() == 2.0
    assert x.requires_grad


def test_writing_through_a_view_reaches_the_base():
    x = leaf(1.0, 2.0, 3.0)
    y = x * 1
    y[0] = x[1] * 10
    y.sum().backward()
    assert y.tolist() == [20.0, 2.0, 3.0]
    assert x.grad.tolist() == [0.0, 11.0, 1.0]


def test_a_view_learns_that_its_base_was_changed():
    x = leaf(1.0, 2.0, 3.0)
    y = x * 2
    tail = y[1:]
    y.mul_(10)
    assert tail.tolist() == [40.0, 60.0]
    (tail * 1).sum().backward()
    assert x.grad.tolist() == [0.0, 20.0, 20.0]


def test_a_view_learns_that_another_view_wrote_into_its_base():
    x, w = leaf(1.0, 2.0, 3.0), leaf(5.0)
    y = x * 2
    first, all_of_it = y[0:1], y[:]
    first.copy_(w)
    all_of_it.sum().backward()
    assert all_of_it.tolist() == [5.0, 4.0, 6.0]
    assert x.grad.tolist() == [0.0, 2.0, 2.0]
    assert w.grad.item() == 1.0


def test_a_view_gets_a_history_with_its_base():
    buffer, w = gradbook.zeros(3, dtype=gradbook.float64), leaf(7.0)
    row = buffer[1:]
    buffer[2] = w
    assert row.requires_grad
    row.sum().backward()
    assert w.grad.item() == 1.0


def test_version_counts_changes():
    x = gradbook.zeros(3)
    assert x._version == 0
    x.add_(1)
    x[0] = 5
    assert x._version == 2
    assert x[1:]._version == 2


def test_the_graph_dies_with_its_tensors():
    x = leaf(1.0, 2.0)
    y = (x * 2).sum()
    node = weakref.ref(y.grad_fn)
    gc.disable()
    try:
        del y
        assert node() is None, "a reference cycle keeps the graph alive"
        ref = weakref.ref(x)
        del x
        assert ref() is None
    finally:
        gc.enable()


def test_requires_grad_flags():
    x = leaf(1.0)
    y = x * 2
    assert x.is_leaf
    assert not y.is_leaf
    assert y.grad_fn.name() == "MulBackward0"
    assert y.grad_fn.next_functions[0][0].name() == "AccumulateGrad"
    assert y.grad_fn.next_functions[0][0].variable is x
    with pytest.raises(RuntimeError, match="leaf variables"):
        y.requires_grad = False
    assert not y.detach().requires_grad


def test_assigned_gradients_must_fit():
    x = leaf(1.0, 2.0)
    with pytest.raises(RuntimeError, match="different size"):
        x.grad = gradbook.zeros(3, dtype=gradbook.float64)
    with pytest.raises(TypeError, match="expected to be a Tensor"):
        x.grad = 3
    x.grad = None


def test_mixed_dtypes_give_each_operand_its_own():
    a = gradbook.tensor([1.0, 2.0], requires_grad=True)
    b = leaf(3.0, 4.0)
    (a * b).sum().backward()
    assert a.grad.dtype is gradbook.float32
    assert b.grad.dtype is gradbook.float64


def test_threads_may_walk_graphs_that_share_leaves():
    w = gradbook.tensor(np.ones(8), requires_grad=True)
    grads = []

    def work():
        grads.append(autograd.grad((w * w).sum(), w)[0].tolist())

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert grads == [[2.0] * 8] * 4


@pytest.mark.parametrize("brief", [True, False])
def test_who_listens_hears_the_usual_pass_begin_and_end(brief: bool) -> None:
    class Hearing:
        def __init__(self) -> None:
            self.heard, self.brief = [], brief

        def on_backward(self, phase: str, root: gradbook.Tensor, inputs: object) -> None:
            self.heard.append(phase)
            assert root is y
            assert (x.grad is None) == (phase == "start")

    x = gradbook.ones(3, requires_grad=True)
    y = (x * 2).sum()
    observer = Hearing()
    with gradbook.events.observing(observer):
        y.backward()
    assert observer.heard == (["start"] if brief else ["start", "end"])
    assert x.grad.tolist() == [2.0, 2.0, 2.0]


def test_who_wants_all_of_a_pass_once_it_begins_hears_of_its_end() -> None:
    class Curious:
        brief = True

        def __init__(self) -> None:
            self.heard: list[str] = []

        def on_backward(self, phase: str, root: gradbook.Tensor, inputs: object) -> None:
            self.heard.append(phase)
            if phase == "start":
                self.brief = False
                gradbook.events.refresh()

    observer = Curious()
    with gradbook.events.observing(observer):
        (gradbook.ones(3, requires_grad=True) * 2).sum().backward()
    assert observer.heard == ["start", "end"]
