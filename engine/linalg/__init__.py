"""Linear algebra, as torch.linalg: norms, determinants, solutions, factorisations. All take batches: (.., n, m).

Differs: there is no lobpcg.
"""

from __future__ import annotations

# fmt: off
# isort: off
from gradbook.errors import LinAlgError
from gradbook.linalg.factors import cholesky, cholesky_ex, eig, eigh, eigvals, eigvalsh, qr, svd, svdvals
from gradbook.linalg.householder import householder_product
from gradbook.linalg.least_squares import lstsq, pinv
from gradbook.linalg.lu_factors import (
    ldl_factor, ldl_factor_ex, ldl_solve, lu, lu_factor, lu_factor_ex, lu_solve,
)
from gradbook.linalg.norms import cond, matrix_norm, matrix_rank, norm
from gradbook.linalg.products import cross, diagonal, matrix_exp, multi_dot, vander, vecdot
from gradbook.linalg.solving import (
    det, inv, inv_ex, matrix_power, slogdet, solve, solve_ex, solve_triangular, tensorinv, tensorsolve,
)
from gradbook.ops.linalg import matmul
from gradbook.ops.vector_norm import vector_norm
# isort: on
# fmt: on

__all__ = [
    "LinAlgError", "cholesky", "cholesky_ex", "cond", "cross", "det", "diagonal", "eig", "eigh", "eigvals", "eigvalsh",
    "householder_product", "inv", "inv_ex", "ldl_factor", "ldl_factor_ex", "ldl_solve", "lstsq", "lu", "lu_factor",
    "lu_factor_ex", "lu_solve", "matmul", "matrix_exp", "matrix_norm", "matrix_power", "matrix_rank", "multi_dot",
    "norm", "pinv", "qr", "slogdet", "solve", "solve_ex", "solve_triangular", "svd", "svdvals", "tensorinv",
    "tensorsolve", "vander", "vecdot", "vector_norm",
]  # fmt: skip
