import numpy as np
import pytest

import gradbook
from gradbook.observe.tensordiff import compare_tensors, flatten


def test_the_numbers_are_those_of_the_definition() -> None:
    rng = np.random.default_rng(0)
    a = rng.standard_normal((300, 200)).astype(np.float32)
    b = a + np.float32(0.01) * rng.standard_normal((300, 200)).astype(np.float32)
    row = compare_tensors({"w": a}, {"w": b})["w"]
    change = b.astype(np.float64) - a
    assert (row.mark, row.shape, row.what) == ("~", (300, 200), "")
    assert row.norm == pytest.approx(np.linalg.norm(change))
    assert row.relative == pytest.approx(np.linalg.norm(change) / np.linalg.norm(a))
    assert row.largest == pytest.approx(np.abs(change).max())


def test_an_array_of_many_blocks_is_compared_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gradbook.observe.tensordiff.BLOCK", 7)
    a, b = np.zeros(100), np.zeros(100)
    b[99] = 3
    b[50] = 4
    row = compare_tensors({"w": a}, {"w": b})["w"]
    assert (row.norm, row.largest) == (5.0, 4.0)


def test_added_removed_changed_and_the_same() -> None:
    one = {
        "both": np.ones(3),
        "gone": np.ones(2),
        "shape": np.ones((2, 2)),
        "dtype": np.ones(2, np.float32),
        "value": np.ones(2),
    }
    two = {
        "both": np.ones(3),
        "shape": np.ones((2, 3)),
        "dtype": np.ones(2, np.float64),
        "value": np.zeros(2),
        "new": np.ones(4),
    }
    diff = compare_tensors(one, two)
    assert (diff.added, diff.removed, diff.same) == (("new",), ("gone",), ("both",))
    assert diff.changed == ("shape", "dtype", "value")
    assert diff["shape"].what == "shape 2×2 -> 2×3"
    assert np.isnan(diff["shape"].norm)
    assert (diff["dtype"].what, diff["dtype"].norm) == ("float32 -> float64", 0.0)
    assert diff.norm == pytest.approx(2**0.5)
    assert bool(diff)
    assert not compare_tensors(one, one)
    with pytest.raises(KeyError, match="no 'nothing'"):
        diff["nothing"]


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64", "complex64", "int64", "uint8", "bool"])
def test_every_dtype_can_be_compared(dtype: str) -> None:
    a = gradbook.tensor([0, 1, 1]).to(getattr(gradbook, dtype))
    b = gradbook.tensor([1, 1, 0]).to(getattr(gradbook, dtype))
    diff = compare_tensors({"w": a}, {"w": b})
    assert diff["w"].norm == pytest.approx(2**0.5)
    assert not compare_tensors({"w": a}, {"w": a.clone()})


def test_a_nan_beside_a_nan_is_no_change_and_a_new_one_is() -> None:
    nan, inf = float("nan"), float("inf")
    a = np.array([1.0, nan, inf, -inf])
    assert not compare_tensors({"w": a}, {"w": a.copy()})
    row = compare_tensors({"w": a}, {"w": np.array([1.0, nan, inf, nan])})["w"]
    assert row.mark == "~"
    assert np.isnan(row.norm)
    assert np.isnan(row.largest)
    assert row.what == "3 -> 3 not finite"
    assert compare_tensors({"w": np.ones(5)}, {"w": np.full(5, nan)})["w"].what == "0 -> 5 not finite"
    empty = np.empty((0, 3))
    assert not compare_tensors({"w": empty}, {"w": empty})


def test_a_prefix_that_all_names_of_one_side_share_counts_for_nothing() -> None:
    a = {"fc.weight": np.ones(2), "fc.bias": np.ones(1)}
    b = {f"module.{name}": value + 1 for name, value in a.items()}
    diff = compare_tensors(a, b)
    assert diff.changed == ("fc.weight", "fc.bias")
    assert compare_tensors(b, a).changed == ("fc.weight", "fc.bias")
    assert compare_tensors({f"net.{k}": v for k, v in a.items()}, b).changed == ("fc.weight", "fc.bias")
    assert compare_tensors({"w": np.ones(1)}, {"module.w": np.ones(1)}).same == ("w",)
    other = compare_tensors(a, {"head.weight": np.ones(1)})
    assert (len(other.added), len(other.removed)) == (1, 2), "nothing in common stays so"


def test_nested_checkpoints_are_flattened_and_plain_values_compared() -> None:
    state = {"model": {"w": np.ones(2)}, "opt": {"groups": [{"lr": 0.1}], "state": {0: {"step": 3}}}, "f": print}
    assert set(flatten(state)) == {"model.w", "opt.groups.0.lr", "opt.state.0.step"}
    diff = compare_tensors(flatten(state), flatten({"model": {"w": np.ones(2)}, "opt": {"groups": [{"lr": 0.2}]}}))
    assert diff["opt.groups.0.lr"].what == "0.1 -> 0.2"
    assert diff.removed == ("opt.state.0.step",)
    deep: dict[str, object] = {}
    deep["again"] = deep
    assert flatten(deep) == {}


def test_its_text_puts_the_largest_relative_change_first() -> None:
    a = {"small": np.ones(4), "large": np.ones(4), "gone": np.ones(1)}
    text = str(compare_tensors(a, {"small": np.full(4, 1.001), "large": np.full(4, 9.0)}))
    lines = text.splitlines()
    assert lines[0] == "tensors: 0 added, 1 removed, 2 changed, 0 the same; ‖Δ‖ 16"
    assert [line.split()[1] for line in lines[2:]] == ["gone", "large", "small"]
    assert lines[3].split()[2:] == ["4", "16", "8", "8"]
    many = compare_tensors({}, {f"w{i}": np.ones(1) for i in range(500)})
    assert len(str(many).splitlines()) == 63
    assert str(compare_tensors(a, a)) == "tensors: 0 added, 0 removed, 0 changed, 3 the same"
