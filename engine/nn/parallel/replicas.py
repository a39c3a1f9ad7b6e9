"""The steps that data parallel training is made of, for a list of devices."""

from __future__ import annotations

import copy
from typing import Any

import gradbook
from gradbook.nn.module import Module
from gradbook.tensor import Tensor

__all__ = ["gather", "parallel_apply", "replicate", "scatter"]


def scatter(inputs: Any, target_gpus: Any, dim: int = 0) -> Any:
    """Tensors in `inputs` cut along `dim`, a part a device, as torch.nn.parallel.scatter. -> a tuple of such inputs"""
    devices = list(target_gpus)
    if isinstance(inputs, Tensor):
        parts = inputs.chunk(len(devices), dim)
        return tuple(part.to(device) for part, device in zip(parts, devices, strict=False))
    if isinstance(inputs, (list, tuple)) and inputs:
        split = list(zip(*(scatter(part, devices, dim) for part in inputs), strict=False))
        return (
            tuple(type(inputs)(part) for part in split)
            if not hasattr(inputs, "_fields")
            else tuple(type(inputs)(*part) for part in split)
        )
    if isinstance(inputs, dict) and inputs:
        split = list(zip(*(scatter(part, devices, dim) for part in inputs.values()), strict=False))
        return tuple(type(inputs)(zip(inputs, part, strict=True)) for part in split)
    return tuple(inputs for _ in devices)


def gather(outputs: Any, target_device: Any, dim: int = 0) -> Any:
    """The outputs of all devices put together on one, as torch.nn.parallel.gather."""
    first = outputs[0]
    if isinstance(first, Tensor):
        parts = [part.unsqueeze(0) if part.ndim == 0 else part for part in outputs]
        return gradbook.cat([part.to(target_device) for part in parts], dim)
    if first is None:
        return None
    if isinstance(first, dict):
        if any(len(first) != len(part) for part in outputs):
            raise ValueError("All dicts must have the same number of keys")
        return type(first)((key, gather([part[key] for part in outputs], target_device, dim)) for key in first)
    parts = [gather(list(part), target_device, dim) for part in zip(*outputs, strict=True)]
    return type(first)(*parts) if hasattr(first, "_fields") else type(first)(parts)


def replicate(network: Module, devices: Any, detach: bool = False) -> list[Module]:
    """A copy of a module a device, as torch.nn.parallel.replicate; gradients reach the module's own parameters."""
    made = []
    for device in devices:
        memo: dict[int, Any] = {}
        for tensor in (*network.parameters(), *network.buffers()):
            moved = tensor.to(device)
            memo[id(tensor)] = moved.detach() if detach else moved
        made.append(copy.deepcopy(network, memo))
    return made


def parallel_apply(modules: Any, inputs: Any, kwargs_tup: Any = None, devices: Any = None) -> list[Any]:
    """Each module called on its inputs, one after the other, as torch.nn.parallel.parallel_apply. -> the outputs"""
    if len(modules) != len(inputs):
        raise AssertionError(f"The number of modules {len(modules)} is not equal to the number of inputs {len(inputs)}")
    named: Any = kwargs_tup or ({},) * len(modules)
    return [
        module(*(given if isinstance(given, (list, tuple)) else (given,)), **options)
        for module, given, options in zip(modules, inputs, named, strict=True)
    ]
