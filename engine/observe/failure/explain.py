"""From an exception to all that an error card shows: the line, the operands, how far it got, fixes that were tried."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

from gradbook.autograd.layers import state
from gradbook.errors import AutogradError, Card, InplaceError
from gradbook.observe.failure.axes import find
from gradbook.observe.failure.candidates import Mender
from gradbook.observe.failure.findings import Finding, first_sentence, module_name, plain
from gradbook.observe.failure.frames import Frames, Step, frames_of, is_engine_error
from gradbook.observe.failure.mending import Fix, mend
from gradbook.observe.failure.operands import Call, Operand, call_of
from gradbook.observe.failure.origin import origins
from gradbook.observe.failure.scene import Scene
from gradbook.observe.failure.shapes import Dry
from gradbook.observe.failure.steps import Stage, stages
from gradbook.observe.failure.text import place_of, source_of
from gradbook.observe.failure.trial import Outcome, Plan, attempt
from gradbook.observe.source import locate

__all__ = ["Failure", "Fix", "Given", "Line", "explain"]

SECONDS = 3.0  # for all trials together
CELL_MAGICS = ("timeline", "walk")  # typed with %% as a first line, run as a line
AROUND = 3  # lines shown above and below the failing one


@dataclass(frozen=True)
class Line:
    """One line of the user's code; `mark` is the failing stretch of it, in characters."""

    number: int
    text: str
    fails: bool = False
    mark: tuple[int, int] | None = None


@dataclass(frozen=True)
class Given:
    """An operand as it is shown: `bad` axes do not fit, `wrong` is 'dtype' or 'device'; `origin` says where from."""

    name: str
    shape: tuple[int, ...]
    dtype: str
    device: str
    bad: tuple[int, ...] = ()
    wrong: str = ""
    origin: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Failure:
    """An exception of the engine, explained. Code in `headline` stands in backticks."""

    rule: str
    kind: str
    message: str
    headline: str
    op: str
    module_path: str
    place: str
    file: str
    lines: tuple[Line, ...]
    operands: tuple[Given, ...]
    relation: str
    between: str
    transposed: bool
    stages: tuple[Stage, ...]
    reached: str  # how many operations ran, in words
    fixes: tuple[Fix, ...]
    tried: str  # what the trials were, in words
    frames: tuple[tuple[str, str], ...]  # (place, line) of the user's and of the engine's frames, outermost first
    yours: int
    inside: int


def explain(error: BaseException, seconds: float = SECONDS) -> Failure | None:
    """What an exception of the engine means; None for any other exception. Runs the user's code on stand-ins only.

    seconds: at most this long for trying fixes; 0 tries none. Also completes `error.card`.
    """
    frames = frames_of(error)
    if not is_engine_error(error, frames) or any(isinstance(layer, Dry) for layer in state.stack):  # tried, not run
        return None
    call = call_of(error, frames)
    finding = find(error, call)
    scene = Scene(frames, backward=needs_gradients(error, finding))
    control, same = unchanged(scene, error, frames, seconds)
    fixes, after = mend(Mender(call, finding, control), scene, seconds) if same else ([], None)
    last = call.step
    tell_forward(error, finding, control, fixes)
    row, reached = stages(call, finding, control if same else None, after)
    failure = Failure(
        rule=finding.rule,
        kind=type(error).__name__,
        message=said(error, finding),
        headline=finding.headline,
        op=call.op,
        module_path=module_name(call) if call.module is not None else "",
        place=place_of(last.code.co_filename, last.line),
        file=last.code.co_filename,
        lines=tuple(lines(last)),
        operands=tuple(given(call, finding, control if same else None)),
        relation=finding.relation,
        between=finding.between,
        transposed=finding.transposed,
        stages=row,
        reached=reached,
        fixes=tuple(fixes),
        tried=trials(scene, same, fixes),
        frames=tuple(told(frames)),
        yours=len(frames.user),
        inside=sum(step.kind != "user" for step in frames.steps),
    )
    complete(error, failure)
    return failure


def unchanged(scene: Scene, error: BaseException, frames: Frames, seconds: float) -> tuple[Outcome, bool]:
    """The program as it is, on stand-ins, and whether it fails as it did for real: only then trials tell anything."""
    before = tuple(scene.replayable() if scene.backward else scene.leading()) if seconds > 0 else ()
    loops = [2, 1] if scene.loop() is not None and scene.backward else [1]
    named = tuple(each for each in before if not isinstance(each, ast.Expr))  # without, say, another cell's optimizer
    plans = [*(Plan(before=before, turns=turns) for turns in loops if before), Plan(before=named), Plan(before=())]
    control = Outcome()
    for plan in plans if seconds > 0 else []:
        control = attempt(scene, plan, min(seconds, 1.0))
        if reproduces(control, error, frames):
            control.plan = plan
            return control, True
    return control, False


def said(error: BaseException, finding: Finding) -> str:
    """The exception's own words: the first sentence, or all of them where that is the headline already."""
    text = str(error)
    first = first_sentence(text)
    return text if finding.headline == plain(first) else first


def tell_forward(error: BaseException, finding: Finding, control: Outcome, fixes: list[Fix]) -> None:
    """An error of a backward pass names the line of its forward, and the one that changed what was kept there."""
    card = getattr(error, "card", None)
    if not isinstance(error, AutogradError) or card is None or not card.op:
        return
    place = place_of(*card.location) if card.location else ""
    ran = next((each for each in control.ran if each.op == card.op), None)
    if not place and ran is not None and (found := locate(ran.where)) is not None:
        place = place_of(found.file, found.line)
    if not place:
        return
    if isinstance(error, InplaceError):
        changed = f" on {fixes[0].edits[0].place}" if fixes else ""
        finding.headline = f"`{card.op}` on {place} kept a value for backward; it was changed in place{changed}."
    else:
        finding.headline = f"{finding.headline[:-1]}: first that of `{card.op}` on {place}."


def needs_gradients(error: BaseException, finding: Finding) -> bool:
    """True for a failure that has to do with gradients: it must be tried with them."""
    return finding.rule in ("backward", "changed-in-place") or bool(re.search("requires? grad", str(error)))


def reproduces(control: Outcome, error: BaseException, frames: Frames) -> bool:
    """True if the unchanged program failed on stand-ins as it did for real. Notes what stood for each operand."""
    if control.error is None or type(control.error) is not type(error):
        return False
    again = frames_of(control.error)
    last, first = again.last, frames.last
    if last is None or first is None or (last.line, last.code.co_filename) != (first.line, first.code.co_filename):
        return False
    call = call_of(control.error, again)
    find(control.error, call)
    control.twins = {operand.role: operand.tensor for operand in call.operands}
    return True


def trials(scene: Scene, same: bool, fixes: list[Fix]) -> str:
    """What the trials were, in words for the reader."""
    if fixes:
        how = "with gradients on stand-ins" if scene.backward else "on shapes alone"
        through = "" if any("tried up to" in fix.check for fix in fixes) or scene.backward else ", through to the loss"
        return f"each was tried {how}{through}"
    if scene.statement is None:
        return f"none was tried: {scene.why}"
    if not same:
        return "none was tried: on stand-ins the line does not fail the same way"
    return "none that was tried works"


def lines(step: Step) -> Iterator[Line]:
    """The failing line and some around it."""
    source, span = source_of(step.code.co_filename), step.span
    text = source.lines
    number = span.line if span is not None else step.line
    node = source.at(span)
    first, last = max(1, number - AROUND), min(len(text), number + AROUND - 1)
    last = end_of_block(text, number, last)
    while first < number and not text[first - 1].strip():
        first += 1
    shown = [line for line in text[first - 1 : last] if line.strip()]
    margin = min((len(line) - len(line.lstrip()) for line in shown), default=0)
    for at in range(first, last + 1):
        mark = None
        if at == number and span is not None:
            line = text[at - 1]
            start = _characters(line, node.col_offset if node is not None and node.lineno == at else span.column)
            end = _characters(line, span.end_column) if span.end_line == at else len(line)
            mark = (start - margin, end - margin) if end > start >= margin else None
        yield Line(at, as_typed(text[at - 1][margin:], at), at == number, mark)


def as_typed(line: str, number: int) -> str:
    """A line as the user typed it: `%magic` and `!command` where IPython has put its own calls."""
    found = re.fullmatch(r"(\s*)get_ipython\(\)\.run_line_magic\('(\w+)', '(.*)'\)", line)
    if found is not None:
        return f"{found[1]}{'%%' if number == 1 and found[2] in CELL_MAGICS else '%'}{found[2]} {found[3]}".rstrip()
    found = re.fullmatch(r"(\s*)get_ipython\(\)\.system\('(.*)'\)", line)
    return line if found is None else f"{found[1]}!{found[2]}"


def end_of_block(text: list[str], number: int, last: int) -> int:
    """The last line worth showing after the failing one: what follows a gap, further out, is another story."""
    indent = len(text[number - 1]) - len(text[number - 1].lstrip())
    for at in range(number + 1, last + 1):
        line = text[at - 1]
        if not line.strip() and (at == last or len(text[at]) - len(text[at].lstrip()) < indent):
            return at - 1
    return last


def _characters(line: str, offset: int) -> int:
    return len(line.encode()[:offset].decode(errors="ignore"))


def given(call: Call, finding: Finding, control: Outcome | None) -> Iterator[Given]:
    """The operands as they are shown."""
    for operand in call.operands:
        found = origins(call, operand, control) if operand.bad or operand.wrong else ()
        yield shown_operand(operand, finding, found)


def shown_operand(operand: Operand, finding: Finding, origin: tuple[tuple[str, str], ...]) -> Given:
    """One operand; a Linear's weight transposed, as it takes part in the product."""
    shape, bad, name = operand.shape, operand.bad, operand.name
    if finding.transposed and operand.role == "weight" and len(shape) == 2:
        shape, bad, name = shape[::-1], tuple(1 - i for i in bad), f"{name}.T"
    return Given(name, shape, operand.dtype, operand.device, bad, operand.wrong, origin)


def told(frames: Frames) -> Iterator[tuple[str, str]]:
    """The frames, one a line: the user's in full, those inside the engine by file."""
    for step in frames.steps:
        file = step.code.co_filename
        text = source_of(file).lines
        line = text[step.line - 1].strip() if step.line <= len(text) else ""
        if step.kind == "user":
            yield place_of(file, step.line), line
        else:
            package = str(step.frame.f_globals.get("__name__", "")).replace(".", "/")
            yield f"{package.removeprefix('gradbook/')}.py", line


def complete(error: BaseException, failure: Failure) -> None:
    """Put what was found into `error.card`, as far as the engine had not said it itself."""
    card = getattr(error, "card", None)
    if card is None:
        card = Card(explanation=str(error))
        error.card = card  # type: ignore[attr-defined]
    card.op = card.op or failure.op
    card.module_path = card.module_path or failure.module_path
    number = next((line.number for line in failure.lines if line.fails), 0)
    card.location = card.location or (failure.file, number)
    card.operands = [
        {"name": o.name, "shape": o.shape, "dtype": o.dtype, "device": o.device, "bad": o.bad} for o in failure.operands
    ] or card.operands
    card.fixes = [fix.code for fix in failure.fixes] or card.fixes
