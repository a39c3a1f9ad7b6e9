"""How much of PyTorch's databases must agree. Every test of an entry fails unless it agrees or is listed in known.toml,
so what is not listed there is what agrees."""

from __future__ import annotations

from tests.parity.entries import FLOATS, dtypes_of, entries, inside, outside
from tests.parity.known import known, reason_for
from tests.parity.modules import modules
from tests.parity.optimizers import optimizers
from tests.parity.table import GROUPS

DIFFERENTIABLE = 0.95  # of these ops agree in float32 and float64
BEYOND = 25  # entries at most that count as out of scope


def test_nineteen_in_twenty_differentiable_ops_agree() -> None:
    names = [name for name in inside() if entries()[name].supports_autograd and dtypes_of(entries()[name], FLOATS)]
    agree = [name for name in names if not any(reason_for(name, dtype) for dtype in FLOATS)]
    assert len(names) > 500
    assert len(agree) >= DIFFERENTIABLE * len(names), sorted(set(names) - set(agree))


def test_the_scope_is_not_narrowed_to_pass() -> None:
    assert sum(len(names) for names in outside().values()) <= BEYOND


def test_every_listed_name_exists_and_has_a_reason() -> None:
    everything = {*entries(), *modules(), *optimizers()}
    lists = known()
    assert set(lists) == {"absent", "failing", "api"}
    assert set(lists["absent"]) <= everything
    groups = sorted(GROUPS, key=len, reverse=True)  # `module errors` before `errors`
    for key in lists["failing"]:
        name = next((key.removesuffix(f" {group}") for group in groups if key.endswith(f" {group}")), "")
        assert name in everything, key
    for reasons in lists.values():
        assert all(len(reason) > 10 for reason in reasons.values())
