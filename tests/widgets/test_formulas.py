from types import SimpleNamespace

from gradbook.autograd.op import Op
from gradbook.widgets.formulas import formulas, mathml


def test_latex_becomes_one_math_element_without_entities_for_plain_letters() -> None:
    markup = mathml(r"\bar x = \bar y \, \sigma(\beta x)")
    assert markup.startswith("<math>")
    assert "σ" in markup
    assert "&#x" not in markup


def test_what_would_be_markup_stays_an_entity() -> None:
    assert "<mo>&#x0003C;</mo>" in mathml("a < b") or "<mo>&lt;</mo>" in mathml("a < b")


def test_a_broken_formula_is_shown_as_its_source() -> None:
    assert mathml(r"x < \sqrt") == r"<math><mtext>x &lt; \sqrt</mtext></math>"


def test_ops_without_a_formula_are_left_out() -> None:
    plain = SimpleNamespace(name="plain", formula="", operands=("x",), grads={})
    double = SimpleNamespace(name="double", formula=r"y = 2 x", operands=("x",), grads={"x": r"2 \bar y"})
    found = formulas([plain, double])
    assert list(found) == ["double"]
    assert list(found["double"]["grads"]) == ["x"]


def test_every_declared_formula_can_be_drawn() -> None:
    import gradbook
    from gradbook.autograd.op import registry

    assert gradbook.__name__ in Op.__module__
    drawn = formulas(registry.values())
    bad = [name for name, one in drawn.items() if "<mtext>\\" in one["value"] + "".join(one["grads"].values())]
    assert bad == []
