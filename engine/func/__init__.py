"""Functions that make functions: gradients, products with Jacobians, batching (torch.func).

grad, vjp and jacrev go backwards through what was recorded. jvp, linearize and jacfwd use that vᵀ J is linear in v:
they go back twice. So everything nests, and needs of an op no more than its gradient and that gradient's gradient.
"""

from __future__ import annotations

from gradbook.func.jacobian import hessian, jacfwd, jacrev
from gradbook.func.module_state import functional_call, replace_all_batch_norm_modules_, stack_module_state
from gradbook.func.transforms import debug_unwrap, functionalize, grad, grad_and_value, jvp, linearize, vjp
from gradbook.func.vmap import vmap

__all__ = [
    "debug_unwrap",
    "functional_call",
    "functionalize",
    "grad",
    "grad_and_value",
    "hessian",
    "jacfwd",
    "jacrev",
    "jvp",
    "linearize",
    "replace_all_batch_norm_modules_",
    "stack_module_state",
    "vjp",
    "vmap",
]
