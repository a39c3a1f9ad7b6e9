"""A weight divided by its largest singular value, by a hook before each forward: the older of PyTorch's two."""

from __future__ import annotations

from typing import Any, TypeVar

from gradbook.autograd import grad_mode
from gradbook.nn.module import Module
from gradbook.nn.modules.conv import ConvTranspose1d, ConvTranspose2d, ConvTranspose3d
from gradbook.nn.parameter import Parameter, is_lazy
from gradbook.ops.ranking_loss import normalize
from gradbook.tensor import Tensor

__all__ = ["SpectralNorm", "remove_spectral_norm", "spectral_norm"]

M = TypeVar("M", bound=Module)
_TURNED = (ConvTranspose1d, ConvTranspose2d, ConvTranspose3d)


class SpectralNorm:
    """The hook: before forward, module.<name> = <name>_orig / σ, with σ from power iteration on two kept vectors."""

    _version = 1

    def __init__(self, name: str = "weight", n_power_iterations: int = 1, dim: int = 0, eps: float = 1e-12) -> None:
        if n_power_iterations <= 0:
            raise ValueError(
                f"Expected n_power_iterations to be positive, but got n_power_iterations={n_power_iterations}"
            )
        self.name, self.n_power_iterations, self.dim, self.eps = name, n_power_iterations, dim, eps

    def reshape_weight_to_matrix(self, weight: Tensor) -> Tensor:
        """(*) -> (weight.shape[dim], the rest)."""
        moved: Tensor = weight.movedim(self.dim, 0) if self.dim != 0 else weight
        rows: Tensor = moved.reshape(moved.shape[0], -1)
        return rows

    def compute_weight(self, module: Module, do_power_iteration: bool) -> Tensor:
        """The weight over σ; the vectors move on if asked, in place."""
        weight = getattr(module, self.name + "_orig")
        u, v = getattr(module, self.name + "_u"), getattr(module, self.name + "_v")
        matrix = self.reshape_weight_to_matrix(weight)
        if do_power_iteration:
            with grad_mode.no_grad():
                for _ in range(self.n_power_iterations):
                    v.copy_(normalize(matrix.t() @ u, dim=0, eps=self.eps))
                    u.copy_(normalize(matrix @ v, dim=0, eps=self.eps))
                u, v = u.clone(), v.clone()  # the graph of this call keeps its own
        made: Tensor = weight / (u @ (matrix @ v))
        return made

    def remove(self, module: Module) -> None:
        """Make the weight a parameter again, at its normed value."""
        with grad_mode.no_grad():
            weight = self.compute_weight(module, do_power_iteration=False)
        delattr(module, self.name)
        for part in ("_u", "_v", "_orig"):
            delattr(module, self.name + part)
        module.register_parameter(self.name, Parameter(weight.detach()))

    def __call__(self, module: Module, inputs: Any) -> None:
        setattr(module, self.name, self.compute_weight(module, do_power_iteration=module.training))

    @staticmethod
    def apply(module: Module, name: str, n_power_iterations: int, dim: int, eps: float) -> SpectralNorm:
        """Replace a parameter by its normed value. Raises RuntimeError if it is so already."""
        if _hook_of(module, name) is not None:
            raise RuntimeError(f"Cannot register two spectral_norm hooks on the same parameter {name}")
        hook = SpectralNorm(name, n_power_iterations, dim, eps)
        weight = module._parameters[name]
        if weight is None:
            raise ValueError(f"`SpectralNorm` cannot be applied as parameter `{name}` is None")
        if is_lazy(weight):
            raise ValueError(
                "The module passed to `SpectralNorm` can't have uninitialized parameters. Make sure to run the dummy "
                "forward before applying spectral normalization"
            )
        with grad_mode.no_grad():
            matrix = hook.reshape_weight_to_matrix(weight)
            u, v = (normalize(matrix.new_empty(n).normal_(0, 1), dim=0, eps=eps) for n in matrix.shape)
        delattr(module, name)
        module.register_parameter(name + "_orig", weight)
        setattr(module, name, weight.data)  # a plain tensor: it moves with .to() only through the hook
        module.register_buffer(name + "_u", u)
        module.register_buffer(name + "_v", v)
        module.register_forward_pre_hook(hook)
        module._register_state_dict_hook(_StateDictHook(hook))
        module._register_load_state_dict_pre_hook(_LoadHook(hook))
        return hook


class _StateDictHook:
    """Notes the layout's version beside the tensors, as PyTorch does."""

    def __init__(self, hook: SpectralNorm) -> None:
        self.hook = hook

    def __call__(self, module: Any, state_dict: Any, prefix: str, local_metadata: dict[str, Any]) -> None:
        kept = local_metadata.setdefault("spectral_norm", {})
        kept[self.hook.name + ".version"] = self.hook._version


class _LoadHook:
    """Reads PyTorch's first layout too, which held <name> (normed) and no <name>_v."""

    def __init__(self, hook: SpectralNorm) -> None:
        self.hook = hook

    def __call__(
        self, state_dict: Any, prefix: str, local_metadata: Any, strict: Any, missing: Any, unexpected: Any, errors: Any
    ) -> None:
        name = self.hook.name
        version = local_metadata.get("spectral_norm", {}).get(name + ".version", None)
        key = prefix + name
        if version is not None and version >= 1:
            return
        if (
            version is None
            and key not in state_dict
            and all(key + part in state_dict for part in ("_orig", "_u", "_v"))
        ):
            return
        if key + "_orig" not in state_dict or key + "_u" not in state_dict or key not in state_dict:
            if strict:
                missing.extend(key + part for part in ("_orig", "", "_u") if key + part not in state_dict)
            return
        with grad_mode.no_grad():
            original, normed, u = state_dict[key + "_orig"], state_dict.pop(key), state_dict[key + "_u"]
            sigma = (original / normed).mean()
            matrix = self.hook.reshape_weight_to_matrix(original)
            v = (matrix.t() @ matrix).pinverse() @ (matrix.t() @ u.unsqueeze(1))
            v = v.squeeze(1)
            state_dict[key + "_v"] = v * (sigma / (u @ (matrix @ v)))


def spectral_norm(
    module: M, name: str = "weight", n_power_iterations: int = 1, eps: float = 1e-12, dim: int | None = None
) -> M:
    """Divide a parameter by its largest singular value at each forward, as torch.nn.utils.spectral_norm. -> module

    dim: the axis that is the matrix's rows (1 for transposed convolutions, else 0). Miyato et al. 2018. Raises
    RuntimeError for the second time on one parameter, ValueError for n_power_iterations < 1.
    """
    if dim is None:
        dim = 1 if isinstance(module, _TURNED) else 0
    SpectralNorm.apply(module, name, n_power_iterations, dim, eps)
    return module


def remove_spectral_norm(module: M, name: str = "weight") -> M:
    """Undo spectral_norm. -> module. Raises ValueError if there is nothing to undo."""
    key = _hook_of(module, name)
    if key is None:
        raise ValueError(f"spectral_norm of '{name}' not found in {module}")
    module._forward_pre_hooks.pop(key).remove(module)
    for hooks, kind in ((module._state_dict_hooks, _StateDictHook), (module._load_state_dict_pre_hooks, _LoadHook)):
        for id_, hook in list(hooks.items()):
            if isinstance(hook, kind) and hook.hook.name == name:
                del hooks[id_]
    return module


def _hook_of(module: Module, name: str) -> int | None:
    for key, hook in module._forward_pre_hooks.items():
        if isinstance(hook, SpectralNorm) and hook.name == name:
            return key
    return None
