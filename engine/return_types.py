"""The types of results with names, as torch.return_types: `max` of torch.max(x, 0), and so on."""

from __future__ import annotations

from gradbook.linalg.checks import CholeskyExResult as linalg_cholesky_ex
from gradbook.linalg.checks import EigResult as linalg_eig
from gradbook.linalg.checks import EigResult as linalg_eigh
from gradbook.linalg.checks import InvExResult as linalg_inv_ex
from gradbook.linalg.checks import LDLExResult as linalg_ldl_factor_ex
from gradbook.linalg.checks import LDLResult as linalg_ldl_factor
from gradbook.linalg.checks import LstsqResult as linalg_lstsq
from gradbook.linalg.checks import LUFactorExResult as linalg_lu_factor_ex
from gradbook.linalg.checks import LUFactorResult as linalg_lu_factor
from gradbook.linalg.checks import LUResult as linalg_lu
from gradbook.linalg.checks import LUResult as lu_unpack
from gradbook.linalg.checks import QRFactors as geqrf
from gradbook.linalg.checks import QRResult as linalg_qr
from gradbook.linalg.checks import QRResult as qr
from gradbook.linalg.checks import SlogdetResult as linalg_slogdet
from gradbook.linalg.checks import SlogdetResult as slogdet
from gradbook.linalg.checks import SolveExResult as linalg_solve_ex
from gradbook.linalg.checks import SVDResult as linalg_svd
from gradbook.linalg.checks import TorchSVDResult as svd
from gradbook.linalg.checks import TriangularResult as triangular_solve
from gradbook.ops.counting import Histogram as histogram
from gradbook.ops.counting import HistogramDD as histogramdd
from gradbook.ops.extremes import MinMax as aminmax
from gradbook.ops.extremes import Pair

__all__ = [
    *sorted(Pair), "aminmax", "geqrf", "histogram", "histogramdd", "linalg_cholesky_ex", "linalg_eig", "linalg_eigh",
    "linalg_inv_ex", "linalg_ldl_factor", "linalg_ldl_factor_ex", "linalg_lstsq", "linalg_lu", "linalg_lu_factor",
    "linalg_lu_factor_ex", "linalg_qr", "linalg_slogdet", "linalg_solve_ex",
    "linalg_svd", "lu_unpack", "qr", "slogdet", "svd",
    "triangular_solve",
]  # fmt: skip

globals().update(Pair)
