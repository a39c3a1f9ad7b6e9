"""Module against PyTorch's: the tree, state_dict, hooks, text, copies; and what observers see of a call."""

from __future__ import annotations

import copy
import pickle
from collections import OrderedDict
from typing import Any

import pytest

import gradbook
from gradbook import events, nn
from tests.parity_tools import torch


def build(lib: Any) -> Any:
    """One module with everything in it, of either library."""

    class Block(lib.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.fc = lib.nn.Linear(3, 3)
            self.scale = lib.nn.Parameter(lib.ones(3))
            self.register_buffer("seen", lib.zeros(1))
            self.register_buffer("hidden", lib.zeros(1), persistent=False)
            self.note = lib.nn.Buffer(lib.ones(2))
            self.missing = None
            self.register_parameter("absent", None)

        def forward(self, x: Any) -> Any:
            return self.fc(x) * self.scale

    class Net(lib.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.blocks = lib.nn.ModuleList([Block(), Block()])
            self.heads = lib.nn.ModuleDict({"a": lib.nn.Linear(3, 2), "b": lib.nn.Identity()})
            self.tied = self.blocks[0].fc
            self.list = lib.nn.ParameterList([lib.ones(2), lib.zeros(3)])
            self.dict = lib.nn.ParameterDict({"k": lib.ones(1)})

        def forward(self, x: Any) -> Any:
            for block in self.blocks:
                x = block(x)
            return self.heads["a"](x)

    return Net()


def both() -> tuple[Any, Any]:
    return build(gradbook), build(torch)


def test_names_are_pytorchs() -> None:
    mine, theirs = both()
    for walk in ("named_parameters", "named_buffers", "named_modules", "named_children"):
        assert [n for n, _ in getattr(mine, walk)()] == [n for n, _ in getattr(theirs, walk)()], walk
    for walk in ("named_parameters", "named_modules"):
        mine_all, their_all = (
            [n for n, _ in getattr(m, walk)(prefix="p", remove_duplicate=False)] for m in (mine, theirs)
        )
        assert mine_all == their_all
    assert list(mine.state_dict()) == list(theirs.state_dict())
    assert list(mine.state_dict()._metadata) == list(theirs.state_dict()._metadata)
    assert len(list(mine.parameters(recurse=False))) == len(list(theirs.parameters(recurse=False)))
    assert mine.get_parameter("blocks.1.fc.weight") is mine.blocks[1].fc.weight
    assert mine.get_buffer("blocks.1.seen") is mine.blocks[1].seen
    assert mine.get_submodule("blocks.0") is mine.blocks[0]
    assert "fc" in dir(mine.blocks[0])


def test_text_is_pytorchs() -> None:
    mine, theirs = both()
    del mine.list, mine.dict, theirs.list, theirs.dict  # their text names torch.FloatTensor
    assert repr(mine) == repr(theirs)


def test_state_travels() -> None:
    mine, other = build(gradbook), build(gradbook)
    state = mine.state_dict()
    assert repr(other.load_state_dict(state)) == "<All keys matched successfully>"
    assert all((a == b).all() for a, b in zip(mine.state_dict().values(), other.state_dict().values(), strict=True))
    state["tied.weight"].mul_(0)
    assert not mine.tied.weight.detach().numpy().any()  # state_dict shares memory
    theirs = build(torch)
    mine.load_state_dict(theirs.state_dict())  # PyTorch's tensors are taken too
    assert (mine.tied.weight.detach().numpy() == theirs.tied.weight.detach().numpy()).all()
    assigned = build(gradbook)
    assigned.load_state_dict(state, assign=True)
    assert assigned.blocks[0].scale._array is state["blocks.0.scale"]._array


def test_load_errors_read_as_pytorchs() -> None:
    texts = []
    for lib in (gradbook, torch):
        module = lib.nn.Sequential(OrderedDict(a=lib.nn.Linear(2, 3), b=lib.nn.Linear(3, 1)))
        state = module.state_dict()
        del state["a.bias"]
        state["zzz.q"] = lib.zeros(1)
        state["b.weight"] = lib.zeros(2, 2)
        with pytest.raises(RuntimeError) as caught:
            module.load_state_dict(state)
        texts.append(str(caught.value).replace("gradbook.Size", "torch.Size"))
        with pytest.raises(RuntimeError, match="size mismatch"):
            module.load_state_dict(state, strict=False)
        del state["b.weight"]
        assert repr(module.load_state_dict(state, strict=False)).count("zzz.q") == 1
    assert texts[0] == texts[1]


def test_extra_state() -> None:
    class Counter(nn.Module):
        count = 3

        def get_extra_state(self) -> Any:
            return {"count": self.count}

        def set_extra_state(self, state: Any) -> None:
            self.count = state["count"]

    state = Counter().state_dict()
    assert list(state) == ["_extra_state"]
    other = Counter()
    other.count = 0
    other.load_state_dict(state)
    assert other.count == 3


def test_wrong_assignments_raise_as_pytorch() -> None:
    def cases(lib: Any) -> Any:
        class Early(lib.nn.Module):
            def __init__(self) -> None:
                self.fc = lib.nn.Linear(1, 1)

        module = lib.nn.Linear(2, 2)
        return [
            Early,
            lambda: setattr(module, "weight", lib.zeros(2, 2)),
            lambda: setattr(module, "weight", 3),
            lambda: module.register_buffer("weight", lib.zeros(1)),
            lambda: module.register_buffer("a.b", lib.zeros(1)),
            lambda: module.register_parameter("", None),
            lambda: module.register_parameter("x", lib.zeros(1)),
            lambda: module.add_module("m", 3),
            lambda: module.nothing,
            lambda: module.get_submodule("a.b"),
            lambda: module.to(lib.int64),
            lambda: module.train(1),
            lambda: lib.nn.Module()(1),
            lambda: lib.nn.Sequential(module)[3],
            lambda: lib.nn.Parameter(lib.tensor([1])),
        ]

    for mine, theirs in zip(cases(gradbook), cases(torch), strict=True):
        with pytest.raises(Exception) as expected:  # noqa: PT011 (the type is PyTorch's)
            theirs()
        with pytest.raises(type(expected.value)):
            mine()


def test_forward_hooks() -> None:
    layer = nn.Linear(2, 2)
    x = gradbook.ones(1, 2)
    plain = layer(x)
    seen: list[Any] = []
    first = layer.register_forward_pre_hook(lambda m, args: (args[0] * 2,))
    second = layer.register_forward_hook(lambda m, args, out: seen.append((args[0].clone(), out)) or out + 1)
    doubled = layer(x)
    assert seen[0][0].tolist() == [[2, 2]]
    assert not (doubled == plain).all()
    first.remove()
    second.remove()
    assert (layer(x) == plain).all()
    kwargs: list[Any] = []
    with layer.register_forward_hook(lambda m, a, k, out: kwargs.append(k), with_kwargs=True):
        layer(input=x)
    assert list(kwargs[0]) == ["input"]
    called: list[Any] = []
    layer.register_forward_hook(lambda m, a, out: called.append(out), always_call=True)
    with pytest.raises(RuntimeError):
        layer(gradbook.ones(1, 3))
    assert called == [None]


def test_backward_hooks_see_what_pytorchs_see() -> None:
    found = []
    for lib in (gradbook, torch):
        layer = lib.nn.Linear(2, 1)
        with lib.no_grad():
            layer.weight.fill_(2.0)
        seen: list[Any] = []

        def note(module: Any, grad_input: Any, grad_output: Any, seen: Any = seen) -> Any:
            seen.append([g.tolist() for g in (*grad_input, *grad_output)])
            return tuple(g * 10 for g in grad_input)

        layer.register_full_backward_pre_hook(lambda m, g: (g[0] * 3,))
        layer.register_full_backward_hook(note)
        x = lib.ones(1, 2, requires_grad=True)
        layer(x).sum().backward()
        found.append((seen, x.grad.tolist(), layer.weight.grad.tolist()))
    assert found[0] == found[1]


def test_hooks_on_every_module() -> None:
    from gradbook.nn.hooks import register_module_forward_hook, register_module_parameter_registration_hook

    names: list[str] = []
    with register_module_forward_hook(lambda m, a, o: names.append(type(m).__name__)):
        nn.Sequential(nn.Linear(1, 1), nn.ReLU())(gradbook.ones(1, 1))
    assert names == ["Linear", "ReLU", "Sequential"]
    with register_module_parameter_registration_hook(lambda m, name, p: names.append(name)):
        nn.Linear(1, 1)
    assert names[-2:] == ["weight", "bias"]


def test_conversion_keeps_parameters() -> None:
    module = build(gradbook)
    weight = module.tied.weight
    assert module.double() is module
    assert module.tied.weight is weight
    assert weight.dtype is gradbook.float64
    assert module.to(gradbook.float32).blocks[0].seen.dtype is gradbook.float32
    module(gradbook.ones(1, 3)).sum().backward()
    assert module.half().tied.weight.grad.dtype is gradbook.float16
    module.float().zero_grad()
    assert all(p.grad is None for p in module.parameters())
    assert not any(p.requires_grad for p in module.requires_grad_(False).parameters())
    assert not any(m.training for m in module.eval().modules())
    seen: list[Any] = []
    module.apply(lambda m: seen.append(m))
    assert seen[-1] is module


def test_copies_are_apart() -> None:
    module = build(gradbook)
    for other in (copy.deepcopy(module), pickle.loads(pickle.dumps(nn.Sequential(nn.Linear(2, 2)))), copy.copy(module)):
        assert repr(other)
    other = copy.deepcopy(module)
    assert other.tied is other.blocks[0].fc
    with gradbook.no_grad():
        other.tied.weight.fill_(0)
    assert module.tied.weight.detach().numpy().any()


def test_containers_are_pytorchs() -> None:
    for lib in (gradbook, torch):
        a, b, c = lib.nn.Linear(1, 1), lib.nn.ReLU(), lib.nn.Tanh()
        seq = lib.nn.Sequential(a, b)
        assert list((seq + lib.nn.Sequential(c))._modules) == ["0", "1", "2"]
        assert seq.append(c)[-1] is c
        assert list(seq[1:]) == [b, c]
        seq.insert(0, c)
        del seq[1]
        assert list(seq) == [c, b, c]
        assert list(seq._modules) == ["0", "1", "2"]
        assert seq.pop(0) is c
        modules = lib.nn.ModuleList([a])
        modules += [b, b]
        modules.insert(1, c)
        assert list(modules) == [a, c, b, b]
        assert list(modules[1:]) == [c, b, b]
        assert "2 x ReLU()" in repr(modules)
        named = lib.nn.ModuleDict([("x", a)])
        named.update({"y": b})
        assert list(named.keys()) == ["x", "y"]
        assert named.pop("x") is a
        values = lib.nn.ParameterDict({"u": lib.ones(1)})
        values["v"] = lib.ones(2)
        assert list(dict(values.named_parameters())) == ["u", "v"]
        assert isinstance(values["v"], lib.nn.Parameter)


class Watcher:
    def __init__(self) -> None:
        self.calls: list[tuple[str, str]] = []
        self.paths: list[str] = []

    def on_module(self, phase: str, module: Any, value: Any) -> None:
        self.calls.append((phase, events.module_path()))

    def on_op(self, op: Any, operands: Any, params: Any, out: Any, node: Any, where: Any) -> None:
        self.paths.append(events.module_path())


def test_observers_know_the_path() -> None:
    module, watcher = build(gradbook), Watcher()
    with events.observing(watcher):
        module(gradbook.ones(1, 3))
    assert watcher.calls[:4] == [
        ("enter", ""),
        ("enter", "blocks.0"),
        ("enter", "blocks.0.fc"),
        ("exit", "blocks.0.fc"),
    ]
    assert watcher.calls[-1] == ("exit", "")
    assert watcher.paths == ["blocks.0.fc", "blocks.0", "blocks.1.fc", "blocks.1", "heads.a"]
    assert events.module_stack() == []


def test_an_exception_leaves_no_path_behind() -> None:
    module, watcher = build(gradbook), Watcher()
    with events.observing(watcher), pytest.raises(RuntimeError, match=r"\[in blocks\.0\.fc \(Linear\)\]") as caught:
        module(gradbook.ones(1, 5))
    assert next(call for call in watcher.calls if call[0] == "error") == ("error", "blocks.0.fc")
    assert events.module_stack() == []
    assert caught.value.card.module_path == "blocks.0.fc"  # type: ignore[attr-defined]
