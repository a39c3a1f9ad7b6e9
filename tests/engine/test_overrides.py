"""`__torch_function__`: subclasses, objects that are no tensors, modes; and that nobody pays while there are none."""

from __future__ import annotations

import builtins
import functools
import inspect
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

import gradbook
from gradbook import nn
from gradbook.nn import functional as F
from gradbook.overrides import takes_over

torch = pytest.importorskip("torch")


def logging_class(lib: Any, calls: list[str]) -> Any:
    class Logged(lib.Tensor):
        @classmethod
        def __torch_function__(cls, func, types, args=(), kwargs=None):
            calls.append(func.__name__)
            return super().__torch_function__(func, types, args, kwargs or {})

    return Logged


EXPRESSIONS = """m + 1; 1 + m; m - 1; 1 - m; m * 2; m / 2; m @ m; -m; abs(m); m ** 2; m < 1; m[0]; m.sum(); m.add(1)
lib.add(m, 1); lib.cat([m, m]); lib.stack([lib.ones(2), m]); lib.nn.functional.relu(m); m.t(); m.clone(); m.detach()
m % 2; m // 1; m + lib.ones(2); lib.ones(2) + m; lib.zeros_like(m); m.new_ones(2); m.data; m.split(1); lib.max(m, 0)
m.tolist(); m.size(); m.dim(); len(m); m.numpy(); lib.is_tensor(m); m.requires_grad; 2 ** m; m == 1; m.max()""".replace(
    "\n", "; "
).split("; ")


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_a_subclass_keeps_its_type_as_in_pytorch(expression):
    shown = []
    for lib in (torch, gradbook):
        calls: list[str] = []
        m = lib.ones(2).as_subclass(logging_class(lib, calls))
        result = eval(expression, {"m": m, "lib": lib})
        parts = [type(part).__name__ for part in result] if isinstance(result, tuple) else []
        shown.append((type(result).__name__, parts, [name for name in calls if name != "__get__"]))
    assert shown[1][:2] == shown[0][:2]
    assert shown[1][2] == shown[0][2]


def test_a_list_that_was_asked_itself_hides_nothing():
    m = gradbook.ones(2).as_subclass(logging_class(gradbook, []))
    assert not takes_over(list), "as a list within a list is asked"
    assert type(gradbook.cat([m, m])).__name__ == "Logged"


def test_gradients_flow_through_a_subclass():
    cls = logging_class(gradbook, [])
    x = gradbook.tensor([1.0, 2.0], requires_grad=True)
    (x.as_subclass(cls) * 3).sum().backward()
    assert x.grad.tolist() == [3, 3]
    assert type(x.grad) is gradbook.Tensor


def test_the_documented_scalar_tensor():
    handled: dict[Any, Any] = {}

    class ScalarTensor:
        def __init__(self, n, value):
            self._n, self._value = n, value

        @classmethod
        def __torch_function__(cls, func, types, args=(), kwargs=None):
            if func not in handled or not all(issubclass(t, (gradbook.Tensor, ScalarTensor)) for t in types):
                return NotImplemented
            return handled[func](*args, **(kwargs or {}))

        def tensor(self):
            return self._value * gradbook.eye(self._n)

    def implements(function):
        def decorator(func):
            functools.update_wrapper(func, function)
            handled[function] = func
            return func

        return decorator

    @implements(gradbook.mean)
    def mean(input):
        return float(input._value) / input._n

    @implements(gradbook.add)
    def add(input, other):
        both = [part.tensor() if isinstance(part, ScalarTensor) else part for part in (input, other)]
        return gradbook.add(*both)

    scalar = ScalarTensor(2, 2)
    assert gradbook.mean(scalar) == 1.0
    assert gradbook.add(scalar, gradbook.ones(2, 2)).tolist() == [[3, 1], [1, 3]]
    assert gradbook.add(gradbook.ones(2, 2), scalar).tolist() == [[3, 1], [1, 3]]
    with pytest.raises(TypeError, match=r"no implementation found for 'gradbook.mul'.*ScalarTensor"):
        gradbook.mul(scalar, 3)
    assert gradbook.overrides.is_tensor_like(scalar)
    assert gradbook.overrides.has_torch_function((1, scalar))
    assert not gradbook.overrides.has_torch_function((gradbook.ones(1),))


def test_the_more_derived_class_is_asked_first():
    asked = []

    class Base(gradbook.Tensor):
        @classmethod
        def __torch_function__(cls, func, types, args=(), kwargs=None):
            asked.append(cls.__name__)
            return super().__torch_function__(func, types, args, kwargs or {})

    class Derived(Base):
        pass

    result = gradbook.ones(2).as_subclass(Base) + gradbook.ones(2).as_subclass(Derived)
    assert asked == ["Derived"]
    assert type(result) is Derived


def test_a_mode_sees_every_function_and_not_its_own():
    seen = []

    class Watching(gradbook.overrides.TorchFunctionMode):
        def __torch_function__(self, func, types, args=(), kwargs=None):
            seen.append(func.__name__)
            return func(*args, **(kwargs or {}))

    with Watching():
        x = gradbook.ones(2)
        F.relu(x + 1)
    gradbook.ones(2)
    assert seen == ["ones", "add", "relu"]


def test_asking_can_be_switched_off():
    m = gradbook.ones(2).as_subclass(logging_class(gradbook, []))
    with gradbook._C.DisableTorchFunctionSubclass():
        assert type(m + 1) is gradbook.Tensor
    assert type(m + 1) is not gradbook.Tensor


def test_parameters_and_modules_give_plain_tensors():
    gradbook.overrides.install()
    assert type(nn.Parameter(gradbook.ones(2)) + 1) is gradbook.Tensor
    assert type(nn.Linear(2, 2)(gradbook.ones(1, 2))) is gradbook.Tensor


def test_a_module_keeps_a_subclass():
    cls = logging_class(gradbook, [])
    assert type(nn.Linear(2, 2)(gradbook.ones(1, 2).as_subclass(cls))) is cls


def test_functions_keep_identity_name_and_signature():
    code = (
        "import gradbook, inspect; from gradbook.nn.functional import relu; before = gradbook.add, relu, gradbook.cat\n"
        "signatures = [str(inspect.signature(f)) for f in before]\n"
        "class M(gradbook.Tensor): pass\n"
        "assert before == (gradbook.add, gradbook.nn.functional.relu, gradbook.cat)\n"
        "assert signatures == [str(inspect.signature(f)) for f in before]\n"
        "assert type(relu(gradbook.ones(2).as_subclass(M))) is M\n"
        "assert before[0].__name__ == 'add'\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_nothing_is_exchanged_before_the_first_class():
    code = (
        "import builtins, gradbook; original = gradbook.add.__code__\n"
        "class Plain: pass\n"
        "assert gradbook.add.__code__ is original and not hasattr(gradbook.add, '__wrapped__')\n"
        "class Duck:\n"
        "    @classmethod\n"
        "    def __torch_function__(cls, func, types, args=(), kwargs=None): return 'mine'\n"
        "assert gradbook.add(Duck(), 1) == 'mine'\n"
        "assert 'built-in' in repr(builtins.__build_class__)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_questions_about_functions():
    overrides = gradbook.overrides
    assert overrides.resolve_name(gradbook.add) == "gradbook.add"
    assert overrides.resolve_name(gradbook.Tensor.backward) == "gradbook.Tensor.backward"
    assert overrides.resolve_name(len) is None
    functions = overrides.get_overridable_functions()
    assert gradbook.matmul in functions[gradbook]
    assert F.linear in functions[F]
    assert gradbook.from_numpy in overrides.get_ignored_functions()
    answers = overrides.get_testing_overrides()
    assert inspect.signature(answers[gradbook.add]) == inspect.signature(gradbook.add)
    assert overrides.is_tensor_method_or_property(gradbook.Tensor.backward)
    assert "Tensor" not in repr(builtins.__build_class__)


def test_a_function_of_ones_own_can_be_taken_over():
    @gradbook.overrides.wrap_torch_function(lambda x: (x,))
    def double(x):
        return x * 2

    class Takes:
        @classmethod
        def __torch_function__(cls, func, types, args=(), kwargs=None):
            return func.__name__

    assert double(Takes()) == "double"
    np.testing.assert_array_equal(double(gradbook.ones(2))._array, [2, 2])


LOCALS = """
from gradbook import Tensor, overrides
overrides.install()
seen = 0
for name, method in vars(Tensor).items():
    if getattr(method, "__closure__", None) and method in overrides._originals:
        try:
            method(object())
        except Exception as error:
            traceback = error.__traceback__
            while traceback is not None:
                seen += traceback.tb_frame.f_code is method.__code__ and "args" in traceback.tb_frame.f_locals
                traceback = traceback.tb_next
print(seen)
"""


def test_a_debugger_may_read_the_locals_of_every_function_that_asks() -> None:
    done = subprocess.run([sys.executable, "-c", LOCALS], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr[-300:]
    assert int(done.stdout) > 20
