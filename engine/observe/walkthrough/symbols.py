"""The formulas that ops declare, with the user's names or with numbers where the declaration has letters."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from gradbook.observe.walkthrough.steps import Call, Factor, Formula, Part, Value
from gradbook.observe.walkthrough.written import written, written_gradient

__all__ = [
    "Root",
    "chain_of",
    "forward_symbols",
    "gradient_symbols",
    "letters_of",
    "local_label",
    "number",
    "plain",
    "put_in",
    "settings_of",
]

FIRST = 0xE000  # the character that stands for part 0
MINUS = "\N{MINUS SIGN}"
_TOKEN = re.compile(
    r"\\(?:begin|end)\{\w+\}|\\(?:text|operatorname|mathit|mathrm|mathbf)\s*\{[^{}]*\}|\\[A-Za-z]+|\\.|[A-Za-z]|[^A-Za-z\\]"
)
# letters of the declared formulas where they are not the operands' own names
LETTERS: dict[str, dict[str, str]] = {
    "input": {"input": "x", "weight": "w", "bias": "b", "target": "t"},
    "linear": {"input": "x", "weight": "W", "bias": "b"},
    "embedding": {"weight": "W"},
    "scaled_dot_product_attention": {"query": "Q", "key": "K", "value": "V"},
    "where": {"condition": "c", "input": "a", "other": "b"},
    "addmm": {"input": "c", "mat1": "a", "mat2": "b"},
    "lerp": {"start": "a", "end": "b", "weight": "w"},
    "addcmul": {"input": "x", "tensor1": "a", "tensor2": "b"},
    "addcdiv": {"input": "x", "tensor1": "a", "tensor2": "b"},
    "scatter": {"src": "s"}, "scatter_add": {"src": "s"},
}  # fmt: skip


class Root(NamedTuple):
    """What a backward pass starts from: the letter in ∂L/∂x, and the value it stands for."""

    symbol: str
    value: Value | None = None


GREEK = {"batch_norm", "layer_norm", "group_norm", "instance_norm", "rms_norm"}


def letters_of(call: Call) -> dict[str, Any]:
    """What each letter of an op's formula is in this call: {letter: Value or number}, the output under 'y'."""
    table = LETTERS.get(call.op) or ({} if len(call.slots) < 2 and call.slots[:1] != ("input",) else LETTERS["input"])
    if call.op in GREEK:
        table = {"input": "x", "weight": r"\gamma", "bias": r"\beta"}
    found: dict[str, Any] = {}
    for name, operand in zip(call.slots, call.operands, strict=False):
        letter = table.get(name, name if len(name) == 1 else "")
        if letter and operand is not None:
            found[letter] = operand
    for name, letter in PARAMETERS.items():
        if isinstance(call.params.get(name), int | float) and not isinstance(call.params[name], bool):
            found[letter] = call.params[name]
    if call.outputs:
        found["y"] = call.outputs[0]
    if call.op in COUNTED and (count := COUNTED[call.op](call)):
        found["n"] = count
    return found


def settings_of(call: Call) -> dict[str, Any]:
    """The numbers that an op's formula has letters for beside its operands, such as the bounds of clamp."""
    found: dict[str, Any] = {}
    for name, letter in INSIDE.items():
        if isinstance(call.params.get(name), int | float):
            found[letter] = call.params[name]
    ends = ("low", "high") if "low" in call.params else ("min", "max")
    for letter, name, none in zip(BOUNDS.get(call.op, ()), ends, (-math.inf, math.inf), strict=False):
        bound = call.params.get(name)
        if bound is None or isinstance(bound, int | float):
            found[letter] = none if bound is None else bound
    return found


def _averaged(call: Call) -> int:
    """How many numbers a mean is over."""
    return _size(call.operands[0].shape) // max(1, _size(call.output.shape))


def _compared(call: Call) -> int:
    """How many numbers a loss averages; 0 where it does not."""
    return _size(call.operands[0].shape) if call.params.get("reduction") == "mean" else 0


def _rows(call: Call) -> int:
    """How many rows a cross entropy averages; 0 where some count differently."""
    scores, target, *weight = call.operands
    plain_rows = len(scores.shape) == 2 and not any(weight) and isinstance(target, Value) and target.block.whole
    if call.params.get("reduction") != "mean" or not plain_rows or call.params.get("label_smoothing"):
        return 0
    return int(scores.shape[0]) if (target.block.values != call.params.get("ignore_index")).all() else 0


def _size(shape: tuple[int, ...]) -> int:
    return int(np.prod(shape, dtype=np.int64))


PARAMETERS = {"exponent": "n", "negative_slope": r"\alpha", "lambd": r"\lambda", "scale": "s", "alpha": r"\alpha"}
INSIDE = {"beta": r"\beta", "input_scale": "k", "threshold": "t", "value": "v"}  # put in with the numbers only
BOUNDS = {"clamp": (r"\mathit{min}", r"\mathit{max}"), "hardtanh": ("a", "b")}
COUNTED = {"mean": _averaged, "mse_loss": _compared, "binary_cross_entropy": _compared, "cross_entropy": _rows,
           "binary_cross_entropy_with_logits": _compared}  # fmt: skip


def substitute(latex: str, meaning: Mapping[str, Any], root: Root | None = None) -> Formula:
    r"""Put Values and numbers in for letters; `\bar x` becomes ∂L/∂x."""
    out: list[str] = []
    parts: list[Any] = []
    tokens = _TOKEN.findall(braced(latex))
    at = 0
    while at < len(tokens):
        token = tokens[at]
        if token == r"\bar":
            at += 1
            while at < len(tokens) and tokens[at] == " ":
                at += 1
            letter = tokens[at] if at < len(tokens) else ""
            top = _sign(root.symbol if root is not None else "L", parts)
            seed = root is not None and root.value is not None and meaning.get(letter) is root.value
            out.append(rf"\frac{{\partial {top}}}{{\partial {top if seed else _put(letter, meaning, parts)}}}")
        elif token == "#" and root is not None:
            out.append(_sign(root.symbol, parts))
        elif isinstance(meaning.get(token), str):
            mark = _put(token, meaning, parts)
            out.append(_times(out, meaning[token], mark))
        else:
            out.append(_put(token, meaning, parts))
        at += 1
    return Formula("".join(out), tuple(parts))


def braced(latex: str) -> str:
    r"""`\frac1x` as `\frac{1}{x}`, `\sqrt\pi` as `\sqrt{\pi}`: what is put in for a letter may be long."""
    latex = re.sub(rf"(\\t?frac)\s*{_ARGUMENT}\s*{_ARGUMENT}", _arguments, latex)
    return re.sub(rf"(\\sqrt)\s*{_ARGUMENT}", _arguments, latex)


_ARGUMENT = r"(\w|\\[A-Za-z]+|\{(?:[^{}]|\{[^{}]*\})*\})"


def _arguments(match: re.Match[str]) -> str:
    name, *given = match.groups()
    return str(name) + "".join(part if part.startswith("{") else f"{{{part}}}" for part in given)


def _times(out: list[str], number: str, mark: str) -> str:
    """A number in a product of symbols: a dot before it instead of a thin space, brackets if it is negative."""
    last = next((i for i in reversed(range(len(out))) if out[i] != " "), None)
    if last is not None and out[last] == r"\,":
        out[last:] = [r" \cdot "]
    bare = not out or "".join(out).rstrip().endswith(("=", "(", "{"))
    return mark if bare or not number.startswith(MINUS) else f"({mark.strip()})"


def _sign(symbol: str, parts: list[Any]) -> str:
    """The mark for a text that is no value and no number."""
    return _put("@", {"@": symbol}, parts)


def _put(token: str, meaning: Mapping[str, Any], parts: list[Any]) -> str:
    if token not in meaning:
        return token
    value = meaning[token]
    for i, part in enumerate(parts):
        if part is value or (isinstance(value, str) and part == value):
            return chr(FIRST + i) + " "
    parts.append(value)
    return chr(FIRST + len(parts) - 1) + " "


def forward_symbols(call: Call) -> Formula:
    """The declared formula in the user's names; the op as a function where it declares none."""
    special = written(call)
    if special is not None:
        return special
    latex = getattr(call.declared, "formula", "") or ""
    meaning = {k: v if isinstance(v, Value) else number(v) for k, v in letters_of(call).items()}
    if latex:
        return substitute(latex, meaning)
    operands = [o for o in call.operands if isinstance(o, Value)]
    marks = ", ".join(chr(FIRST + i + 1) for i in range(len(operands)))
    name = call.op.replace("_", r"\_")
    return Formula(rf"{chr(FIRST)} = \operatorname{{{name}}}({marks})", (call.outputs[0], *operands))


def gradient_symbols(call: Call, part: Part, root: Root) -> Formula:
    """∂L/∂operand = … as the op declares it, in the user's names."""
    special = written_gradient(call, part, root.symbol)
    if special is not None:
        return special
    declared = getattr(call.declared, "grads", {}) or {}
    slot = call.slots[part.slot] if part.slot < len(call.slots) else ""
    if call.slots and getattr(call.declared, "variadic", False):
        slot = call.slots[0]
    latex = declared.get(slot, "") if isinstance(declared, dict) else ""
    meaning: dict[str, Any] = {k: v if isinstance(v, Value) else number(v) for k, v in letters_of(call).items()}
    left = r"\frac{\partial #}{\partial @}"
    if not latex or _unseen(call, latex):
        right = r"\bar y \cdot \frac{\partial y}{\partial @}"
        return substitute(f"{left} = {right}", {**meaning, "@": part.to}, root)
    if re.match(r"\s*(\\Re\s*)?\\bar\s*\\?[A-Za-z]+[^=]*=", latex):
        return substitute(latex, meaning, root)
    return substitute(left + " = " + latex, {**meaning, "@": part.to}, root)


def _unseen(call: Call, latex: str) -> bool:
    """Whether a formula speaks of an operand that nobody saw, as of what an earlier backward pass computed with."""
    if not call.extra.get("earlier"):
        return False
    seen = [*call.operands, *[None] * len(call.slots)]
    missing = {slot for slot, operand in zip(call.slots, seen, strict=False) if operand is None and len(slot) == 1}
    return bool(missing & set(_TOKEN.findall(latex)))


def local_label(call: Call, part: Part, factor: Factor, root: Root) -> Formula:
    """What a factor of a gradient is called: ∂L/∂y, bᵀ in the user's names, or the local derivative."""
    meaning = {k: v if isinstance(v, Value) else number(v) for k, v in letters_of(call).items()}
    if factor.label.latex:
        return substitute(factor.label.latex, meaning, root)
    declared = getattr(call.declared, "grads", {}) or {}
    slot = call.slots[part.slot] if part.slot < len(call.slots) else ""
    latex = declared.get(slot, "") if isinstance(declared, dict) else ""
    match = None if _unseen(call, latex) else re.fullmatch(r"(-?)\\bar y\s*(?:\\,)?\s*(.*)", latex)
    if match and match[2] and r"\bar" not in match[2] and r"\text" not in match[2]:
        return substitute(match[1] + match[2], meaning)
    if match and not match[2]:
        return Formula(match[1] + "1")
    return substitute(r"\frac{\partial y}{\partial @}", {**meaning, "@": part.to})


def chain_of(path: list[Value], root: Root) -> Formula:
    """∂L/∂x = ∂L/∂a · ∂a/∂b · … · ∂z/∂x along the values from the loss to here; long ones lack their middle."""
    links = list(itertools.pairwise(path))
    shown = links if len(links) <= 6 else [*links[:2], None, *links[-3:]]
    parts: list[Any] = [path[-1]]
    out = [rf"\frac{{\partial {_sign(root.symbol, parts)}}}{{\partial {chr(FIRST)}}} ="]
    for i, link in enumerate(shown):
        joint = r"\cdot" if i else ""
        if link is None:
            out.append(rf"{joint} \dots")
            continue
        upper, lower = link
        top = _sign(root.symbol, parts) if upper is path[0] else _mark(upper, parts)
        out.append(rf"{joint} \frac{{\partial {top}}}{{\partial {_mark(lower, parts)}}}")
    return Formula(" ".join(out), tuple(parts))


def _mark(value: Value, parts: list[Any]) -> str:
    return _put("@", {"@": value}, parts).strip()


def put_in(latex: str, meaning: Mapping[str, Any]) -> Formula:
    """A formula with numbers for letters; numbers side by side are multiplied with a dot, negative ones in brackets."""
    texts: dict[str, str] = {}
    for letter, value in meaning.items():
        texts[letter] = value if isinstance(value, str) else number(value)
    out: list[str] = []
    parts: list[str] = []
    tokens = _TOKEN.findall(braced(latex))
    for i, token in enumerate(tokens):
        if token in texts:
            text = texts[token]
            parts.append(text)
            mark = chr(FIRST + len(parts) - 1)
            before = "".join(out).rstrip()
            raised = next((following for following in tokens[i + 1 :] if following != " "), "") == "^"
            bare = (not before or before.endswith(("=", "(", "{", "^"))) and not raised
            out.append(mark + " " if bare or not text.startswith(MINUS) else f"({mark})")
        else:
            out.append(token)
    joined = re.sub(r"([\uE000-\uF8FF]\s*\)?)\s*\\,\s*(\(?[\uE000-\uF8FF])", r"\1 \\cdot \2", "".join(out))
    joined = re.sub(r"([0-9]|[\uE000-\uF8FF]\)?) +(\(?[\uE000-\uF8FF])", r"\1 \\cdot \2", joined)
    return Formula(joined, tuple(parts))


def number(value: Any) -> str:
    """A number as the walkthrough writes it: up to four figures, a true minus sign."""
    value = value.item() if hasattr(value, "item") and np.ndim(value) == 0 else value
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, complex):
        return f"({number(value.real)} + {number(value.imag)}i)"
    if isinstance(value, int):
        return f"{value:,}".replace("-", MINUS)
    if not isinstance(value, float):
        return str(value)
    if value != value:
        return "NaN"
    if value in (float("inf"), float("-inf")):
        return "\N{INFINITY}" if value > 0 else f"{MINUS}\N{INFINITY}"
    text = f"{value:.4g}"
    if "e" in text:
        mantissa, _, power = text.partition("e")
        text = f"{mantissa}e{int(power)}"
    return "0" if text == "-0" else text.replace("-", MINUS)


_WORDS = {
    r"\cdot": "·", r"\,": " ", r"\;": " ", r"\!": "", r"\dots": "…", r"\sum": "Σ", r"\prod": "Π", r"\partial": "∂",
    r"\ln": "ln ", r"\log": "log ", r"\max": "max", r"\min": "min", r"\tanh": "tanh ", r"\exp": "exp", r"\sin": "sin ",
    r"\cos": "cos ", r"\tan": "tan ", r"\le": "≤", r"\ge": "≥", r"\odot": "⊙", r"\top": "ᵀ", r"\left": "",
    r"\right": "", r"\sigma": "σ", r"\gamma": "\N{GREEK SMALL LETTER GAMMA}", r"\beta": "β",
    r"\alpha": "\N{GREEK SMALL LETTER ALPHA}", r"\lambda": "λ", r"\mu": "μ", r"\epsilon": "ε",
    r"\pi": "π", r"\Phi": "Φ", r"\varphi": "φ", r"\hat": "", r"\textstyle": "", r"\star": "⋆",
    r"\ast": "\N{ASTERISK OPERATOR}",
    r"\lfloor": "⌊", r"\rfloor": "⌋", r"\lceil": "⌈", r"\rceil": "⌉", r"\ne": "≠", r"\in": "∈", r"\sinh": "sinh ",
    r"\cosh": "cosh ", r"\arcsin": "arcsin ", r"\arccos": "arccos ", r"\arctan": "arctan ", r"\times": "×",
    r"\sim": "~", r"\bmod": "mod", r"\int": "∫", r"\sqrt": "√",
    r"\lVert": "‖", r"\rVert": "‖", r"\det": "det ", r"\mathbf": "", r"\lnot": "not ", r"\quad": "  ", r"\mid": "|",
    r"\arg": "arg", r"\mathrel": "", r"\Re": "Re ", r"\Im": "Im ", r"\_": "_", r"\|": "‖", r"\psi": "ψ", r"\Gamma": "Γ",
}  # fmt: skip


def plain(formula: Formula) -> str:
    """A formula as one line of text."""
    latex = re.sub(r"\\hat\s*\{?\s*([A-Za-z\uE000-\uF8FF])\s*\}?", "\\1\N{COMBINING CIRCUMFLEX ACCENT} ", formula.latex)
    latex = re.sub(r"\\begin\{cases\}(.*)\\end\{cases\}", _cases, braced(latex))
    for pattern in (r"\\text\s*\{([^{}]*)\}", r"\\(?:operatorname|mathit|mathrm)\s*\{([^{}]*)\}"):
        latex = re.sub(pattern, r"\1", latex)
    latex = _braces(re.sub(r"_\{([0-9, ]+)\}", lambda m: f"[{m[1].replace(' ', '')}]", latex))
    latex = re.sub(r"\\[A-Za-z]+|\\.", lambda m: _WORDS.get(m[0], m[0][1:]), latex)
    texts = formula.texts
    latex = re.sub(r"[\uE000-\uF8FF]", lambda m: texts[ord(m[0]) - FIRST], latex.replace("-", MINUS))
    latex = re.sub(r"\^([0-9n])(?![\w.])", lambda m: m[1].translate(_POWERS), latex)
    latex = re.sub(r"\s+", " ", latex.replace("{", "").replace("}", "")).strip()
    return re.sub(r"∂ ", "∂", re.sub(r" (?=[,)^_ᵀ²³\]])", "", latex))


def _cases(match: re.Match[str]) -> str:
    """Cases on one line: `x if x > 0, else 0.01 x`."""
    rows = [row.partition("&") for row in match[1].split(r"\\")]
    texts = [
        f"else {value.strip()}" if "else" in when else f"{value.strip()} if {when.strip()}" for value, _, when in rows
    ]
    return ", ".join(texts)


_POWERS = str.maketrans("0123456789n", "⁰¹²³⁴⁵⁶⁷⁸⁹ⁿ")


def _braces(latex: str) -> str:
    """Fractions, roots and powers without braces."""
    for _ in range(20):
        new = re.sub(r"\\t?frac\s*\{([^{}]*)\}\s*\{([^{}]*)\}", lambda m: f"{_group(m[1])}/{_group(m[2])}", latex)
        new = re.sub(r"\\t?frac\s*(\w)\s*(\w)", r"\1/\2", new)
        new = re.sub(r"\\sqrt\s*\{([^{}]*)\}", lambda m: "√" + _group(m[1]), new)
        new = re.sub(r"([\^_])\s*\{([^{}]*)\}", lambda m: m[1] + _group(m[2], m[1] == "_"), new)
        new = new.replace(r"^\top", r"\top")
        if new == latex:
            break
        latex = new
    return latex


def _group(text: str, bare: bool = False) -> str:
    text = text.strip()
    simple = bare or re.fullmatch(r"(\\partial\s*)?[\w.\uE000-\uF8FF]+(\[[\d,]*\])?", text) is not None
    return text if simple else f"({text})"
