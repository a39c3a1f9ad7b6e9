from __future__ import annotations

import linecache
from types import CodeType
from typing import Any

import pytest

from gradbook.observe import naming, source


def calls_of(text: str, method: str = "backward") -> tuple[CodeType, int]:
    """Compile a text as a cell would be and find the instruction that calls `method`."""
    file = f"<naming-{abs(hash(text))}>"
    linecache.cache[file] = (len(text), None, text.splitlines(True), file)
    places: list[tuple[CodeType, int]] = []

    class Anything:
        def __getattr__(self, name: str) -> Any:
            if name == method:
                return self.here
            return Anything()

        def __call__(self, *a: Any, **k: Any) -> Any:
            return Anything()

        def __getitem__(self, key: Any) -> Any:
            return Anything()

        def __truediv__(self, other: Any) -> Any:
            return Anything()

        __mul__ = __rmul__ = __add__ = __matmul__ = __truediv__

        def here(self, *a: Any, **k: Any) -> Any:
            import sys

            frame = sys._getframe(1)
            places.append((frame.f_code, frame.f_lasti))
            return Anything()

    names = {name: Anything() for name in "loss err self losses loss_g scaler model criterion x y k torch f".split()}
    exec(compile(text, file, "exec"), names)
    return places[0]


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("loss.backward()", "loss"),
        ("err.backward(retain_graph=True)", "err"),
        ("self.loss_g.backward()", "loss_g"),
        ("losses['total'].backward()", "losses['total']"),
        ("(loss / 4).backward()", "loss"),
        ("(0.5 * err).backward()", "err"),
        ("scaler.scale(loss).backward()", "loss"),
        ("criterion(model(x), y).backward()", "loss"),
        ("(\n    err\n).backward()", "err"),
        ("(model(x)\n  .f(y)\n  .k(1)\n).backward()", "loss"),
        ("torch.autograd.backward(err)", "err"),
        ("torch.autograd.backward([err, loss])", "err"),
        ("x = 1; y = 2; err.backward(); k = 3", "err"),
        ("é = 'ü'; err.backward()", "err"),
        ("(loss + err).backward()", "loss + err"),
        ("criterion(model(x).f(y), y[:2]).backward()", "loss"),
    ],
)
def test_the_loss_has_the_name_its_user_gave_it(line: str, name: str) -> None:
    assert naming.backward_name(calls_of(line)) == name


def test_a_loss_whose_source_is_not_to_be_had_is_called_loss() -> None:
    assert naming.backward_name(None) == "loss"
    code, lasti = calls_of("err.backward()  # gone")
    linecache.cache.pop(code.co_filename)
    assert naming.backward_name((code, lasti)) == "loss"


@pytest.mark.parametrize(
    ("line", "target"),
    [
        ("h = f.backward(x)", "h"),
        ("self.h = f.backward(x)", "h"),
        ("h: int = f.backward(x)", "h"),
        ("h = 1 + f.backward(x)", ""),
        ("f.backward(x)", ""),
        ("(h := f.backward(x))", "h"),
        ("a, b = [f.backward(x), 2]", ""),
    ],
)
def test_a_result_is_named_by_what_it_is_assigned_to(line: str, target: str) -> None:
    line = line.replace("1 +", "k +")
    assert naming.target_name(calls_of(line)) == target


def test_operands_are_named_as_they_are_written() -> None:
    assert naming.argument_names(calls_of("f.backward(x, self.w, x + k)")) == ("x", "w", "")
    assert naming.argument_names(None) == ()


def test_a_place_is_a_cell_a_line_and_its_text() -> None:
    where = calls_of("\n\n   \nh = loss.backward()  # the end")
    source.name_cell(where[0].co_filename, "[7]")
    place = source.locate(where)
    assert place is not None
    assert (place.cell, place.line, place.source) == ("[7]", 4, "h = loss.backward()  # the end")
    assert source.cell_label("<ipython-input-12-abcdef>") == "[12]"
    assert source.cell_label("/home/me/train.py") == "train.py"
    assert source.locate(None) is None


def test_names_of_the_engine_are_not_the_users() -> None:
    assert source.is_own(source.__file__)
    assert not source.is_own(__file__)
    frame = source.user_frame(1)
    assert frame is not None
    assert frame.f_code.co_filename == __file__


def test_looking_at_a_functions_variables_keeps_nothing_alive() -> None:
    import sys
    import weakref

    class Thing:
        pass

    thing = Thing()
    gone = weakref.ref(thing)
    assert naming.variables(sys._getframe())["thing"] is thing
    del thing
    assert gone() is None


def test_a_dictionary_the_user_got_from_locals_stays_as_it_is() -> None:
    import sys

    mine = locals()
    naming.variables(sys._getframe())
    assert "mine" in sys._getframe().f_locals
    assert "sys" in mine
