"""Where a number is written: followed from the place that it is used at, and taken only if it is the one."""

from __future__ import annotations

import ast
import linecache

import pytest

from gradbook.coach import code
from gradbook.coach.literals import Number, option_at, placed, value_of, written
from gradbook.coach.loops import Level, common, loops_here
from gradbook.coach.own_steps import own_step
from gradbook.observe.failure.text import source_of


def place(text: str, at: str) -> code.Place:
    """The place of the first call of a function in a text."""
    file = f"literals_{abs(hash(text))}.py"
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
    source = source_of(file)
    call = next(n for n in source.nodes() if isinstance(n, ast.Call) and source.segment(n.func).endswith(at))
    return placed(source, call)


def found(text: str, value: float) -> Number | None:
    """The number that lr of SGD is written as."""
    return option_at(place(text, "SGD"), "lr", value, 1)


@pytest.mark.parametrize(
    ("text", "line", "mended"),
    [
        ("SGD(p, lr=10)", 1, "SGD(p, lr=0.1)"),
        ("LR = 10\nSGD(p, lr=LR)", 1, "LR = 0.1"),
        ("LR = 0.1\nLR = 10\nSGD(p, lr=LR)\nLR = 3", 2, "LR = 0.1"),
        ("LR: float = 10\nSGD(p, LR)", 1, "LR: float = 0.1"),
        ("cfg = {'lr': 10, 'n': 3}\nSGD(p, lr=cfg['lr'])", 1, "cfg = {'lr': 0.1, 'n': 3}"),
        ("cfg = dict(lr=10)\nSGD(p, lr=cfg['lr'])", 1, "cfg = dict(lr=0.1)"),
        ("cfg = {}\ncfg['lr'] = 10\nSGD(p, lr=cfg['lr'])", 2, "cfg['lr'] = 0.1"),
        ("cfg = {}\nSGD(p, lr=cfg.get('lr', 10))", 2, "SGD(p, lr=cfg.get('lr', 0.1))"),
        ("def fit(m, lr=10):\n    SGD(m, lr=lr)\nfit(m)", 1, "def fit(m, lr=0.1):"),
        ("def fit(m, lr=1):\n    SGD(m, lr=lr)\nfit(m, lr=1)\nfit(m, 10)", 4, "fit(m, 0.1)"),
        ("def fit(m, *, lr=10):\n    SGD(m, lr=lr)\nfit(m)", 1, "def fit(m, *, lr=0.1):"),
        ("class T:\n    def __init__(s, m, lr):\n        s.o = SGD(m, lr=lr)\nT(m, lr=10)", 4, "T(m, lr=0.1)"),
        ("class T:\n    def __init__(s, rate):\n        s.rate = rate\n    def f(s):\n        SGD(p, lr=s.rate)\nT(10)", 6, "T(0.1)"),  # noqa: E501
        ("class C:\n    lr: float = 10\nSGD(p, lr=C().lr)", 2, "lr: float = 0.1"),
        ("class C:\n    lr: float = field(default=10)\nSGD(p, lr=C().lr)", 2, "lr: float = field(default=0.1)"),
        ("p.add_argument('--lr', type=float, default=10)\nSGD(p, lr=args.lr)", 1,
         "p.add_argument('--lr', type=float, default=0.1)"),
        ("p.add_argument('--step-size', default=10)\nSGD(p, lr=args.step_size)", 1,
         "p.add_argument('--step-size', default=0.1)"),
        ("args = Namespace(lr=10)\nSGD(p, lr=args.lr)", 1, "args = Namespace(lr=0.1)"),
        ("for lr in (1, 10):\n    SGD(p, lr=lr)", 1, "for lr in (1, 0.1):"),
        ("a, LR = 3, 10\nSGD(p, lr=LR)", 1, "a, LR = 3, 0.1"),
        ("def f(lr=10):\n    def g():\n        SGD(p, lr=lr)", 1, "def f(lr=0.1):"),
        ("SGD = partial(O, lr=10)\nSGD(p, lr=LR)", 1, "SGD = partial(O, lr=0.1)"),
        ("SGD(p, lr=1e-3 * 10000)", 1, "SGD(p, lr=0.1)"),
    ],
)  # fmt: skip
def test_a_number_is_found_where_it_is_written(text: str, line: int, mended: str) -> None:
    number = found(text, 10.0)
    assert number is not None
    assert number.line[1] == line
    assert str(number.replaced(0.1)) == mended


@pytest.mark.parametrize("text", ["LR = 3\nSGD(p, lr=LR)", "SGD(p, lr=rate())", "SGD(p, lr=LR)", "x = x\nSGD(p, lr=x)"])
def test_another_number_is_not_taken(text: str) -> None:
    assert found(text, 10.0) is None


@pytest.mark.parametrize(
    ("text", "value"), [("-0.5", -0.5), ("10 ** -2", 0.01), ("1 / 0", None), ("True", None), ("x", None)]
)
def test_numbers_are_reckoned(text: str, value: float | None) -> None:
    assert value_of(ast.parse(text, mode="eval").body) == value


def test_numbers_are_written_as_people_write_them() -> None:
    assert [written(x) for x in (1.0, 0.1, 1e-5, 2.5e-4, 30.0)] == ["1.0", "0.1", "1e-5", "2.5e-4", "30.0"]


@pytest.mark.parametrize(
    ("step", "sign", "mended"),
    [
        ("w -= lr * w.grad", -1, None),
        ("w += lr * w.grad", 1, "w -= lr * w.grad"),
        ("w += -lr * w.grad", -1, None),
        ("w.data.add_(w.grad, alpha=-lr)", -1, None),
        ("w.add_(lr * w.grad)", 1, "w.sub_(lr * w.grad)"),
        ("w.data = w.data + lr * w.grad", 1, "w.data = w.data - lr * w.grad"),
    ],
)
def test_a_step_by_hand_has_a_sign_and_a_rate(step: str, sign: int, mended: str | None) -> None:
    text = f"lr = 0.3\nfor i in r:\n    loss.backward()\n    total += 1\n    {step}\n"
    known = own_step(place(text, "backward"))
    assert known is not None
    assert known.sign == sign
    assert known.rate is not None
    assert known.rate.line[1] == 1
    if mended is not None:
        assert [str(fix) for fix in known.turned()] == [mended]


def test_sums_of_gradients_are_no_steps() -> None:
    assert own_step(place("for p in q:\n    p.backward()\n    norm += p.grad.norm()\n", "backward")) is None
    assert own_step(place("loss.backward()\na.grad += b.grad\n", "backward")) is None


def test_the_loops_that_two_places_share() -> None:
    def inner(found: list[list[Level]]) -> None:
        for _ in range(1):  # another run of it each time
            found.append(loops_here())

    found: list[list[Level]] = []
    for _ in range(1):  # shared
        inner(found)
        inner(found)
    shared = common(*found)
    assert shared is not None
    assert "# shared" in shared.at.source.lines[shared.line[1] - 1]
    again = common(found[0], found[0])
    assert again is not None
    assert "# another run" in again.at.source.lines[again.line[1] - 1]
