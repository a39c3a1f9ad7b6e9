"""The still picture of a run: what a saved notebook, GitHub and nbconvert show. The live view at 900 px, at rest."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gradbook.widgets import numbers
from gradbook.widgets.describe_graph import describe_graph
from gradbook.widgets.graph_svg import graph_svg
from gradbook.widgets.picture_gradients import Row, draw_gradients, rows_of, table_height
from gradbook.widgets.picture_loss import draw_loss, last_loss
from gradbook.widgets.svg import Svg, coordinate, text_width

if TYPE_CHECKING:
    from gradbook.observe import Run

__all__ = ["AT_MOST", "draw", "summary"]

AT_MOST = 36_000  # bytes: 48 KB as base64 in the notebook
WIDTH, PAD, HEAD, TITLE = 900, 12, 40, 36
LOSS_WIDTH, PLOT_HEIGHT = 373, 232
GRAPH_TALLEST = 1100  # px; a taller drawing is folded, then shrunk
SIZE = re.compile(r'^<svg ([^>]*?)width="([\d.]+)" height="([\d.]+)"')
Words = list[tuple[str, str]]


def summary(run: Run) -> str:
    """The run in one line, for text outputs, alt texts and titles; `-` for minus, so that it can be copied."""
    head = "".join(word for word, _ in _status(run))
    loss = last_loss(run)
    said = "" if loss is None or run.state == "finished" else f" · {loss[0]} {numbers.loss(loss[2])}"
    cell = f" {run.cell}" if run.cell else ""
    return f"gradbook live view{cell}: {head}{said}".replace(numbers.MINUS, "-").replace("\N{THIN SPACE}", " ")


def draw(run: Run) -> str:
    """The whole picture as SVG text, 900 px wide, readable on any ground, no script; at most 36 KB."""
    wanted = run.panels
    rows = []
    if (wanted is None or "gradients" in wanted) and len(run.probes.steps):
        rows = rows_of([parameter.name for parameter in run.parameters])
    svg = Svg()
    _header(svg, run)
    top = HEAD + (_finding(svg, run, HEAD) or _error(svg, run, HEAD) or _birth(svg, run, HEAD))
    bottom = _plots(svg, run, rows, top)
    room = AT_MOST - sum(len(part) for part in svg.parts) - 3000
    beside: list[str] = []
    if wanted is None or "graph" in wanted:
        beside, bottom = _graph(svg, run, bottom, room)
    return svg.document(WIDTH, bottom, summary(run), beside)


def _header(svg: Svg, run: Run) -> None:
    _state_mark(svg, run.state)
    svg.words(34, 25, _status(run), "h u")
    side: Words = []
    rate = run.learning_rate
    if rate is not None:
        side = [("Learning rate ", ""), (numbers.learning_rate(rate), "n")]
    if run.cell:
        side = [*side, (" · " if side else "", ""), (f"cell {run.cell}", "")]
    svg.words(WIDTH - PAD, 25, side, "h u e")
    svg.path(f"M0 {HEAD}.5H{WIDTH}", "ax")
    if run.total_steps and run.state not in ("finished", "waiting"):
        svg.rect(0, HEAD - 1, WIDTH * min(run.step / run.total_steps, 1), 2, "br")


def _status(run: Run) -> Words:
    """The status line as words: what is bold is a number or the state."""
    steps, epoch = f"{numbers.count(run.step)}", run.epoch
    words: list[Words] = [[(run.state, "b n")]]
    if run.state == "waiting":
        words.append([("for the first backward()", "")])
    elif run.state == "finished" and not run.step:
        words += [[("no backward() in this cell", "")], [(numbers.span(run.seconds), "n")]]
    elif run.state == "finished":
        words.append([(steps, "n"), (" step" if run.step == 1 else " steps", "")])
        if epoch:
            words.append([(numbers.count(epoch), "n"), (" epoch" if epoch == 1 else " epochs", "")])
        words.append([(numbers.span(run.seconds), "n")])
        loss = last_loss(run)
        if loss is not None:
            words.append([(f"{loss[0][:24]} ", ""), (numbers.loss(loss[2]), "n")])
    elif run.state == "stopped":
        words += [[("by you at step ", ""), (steps, "n")], [(numbers.span(run.seconds), "n")]]
    else:
        words += _where(run, steps)
    return [part for i, word in enumerate(words) for part in ([(" · ", "")] if i else []) + word]


def _where(run: Run, steps: str) -> list[Words]:
    """Status words of a run that goes on, is paused, or has failed."""
    words: list[Words] = []
    if run.state == "error" and run.error:
        words.append([(str(run.error.get("type", "")), "n")])
    words.append([("step ", ""), (steps, "n")])
    if run.state == "error" and run.error and run.error.get("line"):
        words.append([("line ", ""), (str(run.error["line"]), "n")])
    elif run.epoch is not None:
        words.append([("epoch ", ""), (numbers.count(run.epoch), "n")])
    if run.state == "running" and run.rate:
        words.append([(numbers.count(run.rate) if run.rate >= 10 else numbers.number(run.rate), "n"), (" steps/s", "")])
    return words


def _state_mark(svg: Svg, state: str) -> None:
    if state == "finished":
        svg.path("M14 21l3.5 3.500 7-8", "st")
    elif state == "stopped":
        svg.rect(15, 16, 8, 8, "k")
    elif state == "paused":
        svg.path("M15 16h2.500v8h-2.500zM20 16h2.500v8h-2.500z", "k")
    elif state == "error":
        svg.path("M15 16l8 8m0-8l-8 8", "x")
    elif state == "waiting":
        svg.circle(19, 20, 4.5, "wait")
    else:
        svg.circle(19, 20, 4, "br")


def _finding(svg: Svg, run: Run, top: int) -> int:
    """The row that says what the coach has found, the worst of it. -> its height."""
    found = run.coach.findings if run.coach is not None else []
    if not found or (run.state == "error" and found[0].severity != "error"):
        return 0
    first = found[0]
    fix = f"fix: {first.fixes[0]}" if first.fixes else ""
    count = f"1 of {len(found)}" if len(found) > 1 else ""
    below = _shorten(" · ".join(filter(None, (count, first.place, fix, first.rule))), 840)
    return _alarm(svg, top, first.severity.capitalize(), first.message, below, first.severity)


def _error(svg: Svg, run: Run, top: int) -> int:
    """The row that says what went wrong. -> its height."""
    if run.state != "error" or not run.error:
        return 0
    message = " ".join(str(run.error.get("message", "")).split())
    line = run.error.get("line")
    place = f"cell {run.cell} line {line}" if run.cell and line else f"line {line}" if line else ""
    return _alarm(svg, top, str(run.error.get("type", "error")), message, place)


def _birth(svg: Svg, run: Run, top: int) -> int:
    """The row that says where the loss stopped being finite. -> its height."""
    birth = run.birth
    if birth is None or run.state == "error":
        return 0
    fix = f"usual fix: {birth.cause.fix}" if birth.cause.fix else ""
    below = _shorten(" · ".join(filter(None, (birth.place, fix))), 840)
    return _alarm(svg, top, f"{birth.kind} born", birth.sentence, below)


def _alarm(svg: Svg, top: int, head: str, text: str, below: str, severity: str = "error") -> int:
    """A row that says what is wrong, in two lines. -> its height."""
    svg.rect(1, top + 1, WIDTH - 2, 51, {"error": "er2", "warning": "wr2"}.get(severity, "z"))
    if severity == "error":
        svg.path(f"M15 {top + 14}l8 8m0-8l-8 8", "x")
    elif severity == "warning":
        svg.path(f"M19 {top + 12}l6 10.400h-12z", "w")
    else:
        svg.circle(19, top + 18, 5.5, "hi")
        svg.path(f"M19 {top + 17}v4m0-6.500v1.200", "hi")
    lead = (head, "b er" if severity == "error" else "b")
    svg.words(34, top + 22, [lead, ("  ", ""), (_shorten(text, 760), "")], "h")
    svg.text(34, top + 40, below, "u")
    svg.path(f"M0 {top + 52}.5H{WIDTH}", "ax")
    return 52


def _plots(svg: Svg, run: Run, rows: list[Row], top: int) -> int:
    """Loss, and beside it the gradients where there are any. -> y below them."""
    height = max(PLOT_HEIGHT, table_height(len(rows)))
    wide = LOSS_WIDTH if rows else WIDTH
    _title(svg, PAD, top, "Loss", "")
    svg.words(PAD, top + TITLE + 12, _read_out(run), "u")
    svg.group(PAD, top + TITLE + 16, draw_loss(run, wide - 2 * PAD, height - 16))
    bottom = top + TITLE + height + PAD
    if rows:
        count = f"{numbers.count(len(run.parameters))} parameters, rows in the order of the graph"
        _title(svg, LOSS_WIDTH + PAD, top, "Gradients", count)
        svg.group(LOSS_WIDTH + PAD, top + TITLE, draw_gradients(run, WIDTH - LOSS_WIDTH - 2 * PAD, rows))
        svg.path(f"M{LOSS_WIDTH} {top}V{bottom}", "ax")
    return bottom


def _title(svg: Svg, x: float, top: float, title: str, beside: str) -> None:
    svg.words(x, top + 23, [(title, "b h"), (f"   {beside}" if beside else "", "u")])


def _read_out(run: Run) -> Words:
    """The last value of every curve, in a fixed place above the plot; also of those that are not drawn."""
    words: Words = [("step ", ""), (numbers.count(run.step), "n")] if run.series else [("", "")]
    used = 60.0
    styles = {"train": "vi", "val": "li"}
    for name, series in run.series.items():
        if series.last is None or series.role == "lr":  # the learning rate stands in the header
            continue
        text = numbers.loss(float(series.last[1]))
        used += text_width(f"   {name[:16]} {text}")
        if used < LOSS_WIDTH - 2 * PAD:
            words += [(f"   {name[:16]} ", ""), (text, f"n {styles.get(series.role, '')}".strip())]
    return words


def _graph(svg: Svg, run: Run, top: int, room: int) -> tuple[list[str], int]:
    """The computation graph under the plots. -> the drawings to lay over the picture, and y below them."""
    graph, stats = run.picture.graph, run.picture.stats
    if graph is None or not graph.nodes:
        return [], top
    description = describe_graph(graph)
    svg.path(f"M0 {top}.5H{WIDTH}", "ax")
    _title(svg, PAD, top, "Computation graph", f"{numbers.count(description['ops'])} ops")
    failed = (run.error or {}).get("node") if run.state == "error" else None
    drawing = graph_svg(description, stats, None, failed)
    if len(drawing) > room or _size(drawing)[1] > GRAPH_TALLEST:
        drawing = graph_svg(description, stats, frozenset(), failed)
    if len(drawing) > room:
        svg.text(PAD, top + TITLE + 12, "too large for the still picture; open the notebook to explore it", "u")
        return [], top + TITLE + 12 + 2 * PAD
    width, height = _size(drawing)
    scale = min(1.0, (WIDTH - 2 * PAD) / width, GRAPH_TALLEST / height)
    place = f'x="{coordinate((WIDTH - width * scale) / 2)}" y="{coordinate(top + TITLE)}"'
    size = f'width="{coordinate(width * scale)}" height="{coordinate(height * scale)}"'
    return [SIZE.sub(rf"<svg \g<1>{place} {size}", drawing, count=1)], round(top + TITLE + height * scale + PAD)


def _size(drawing: str) -> tuple[float, float]:
    """Width and height that a drawing says it has. Raises ValueError if it says nothing."""
    found = SIZE.match(drawing)
    if found is None:
        raise ValueError("picture: the graph's drawing has no size")
    return float(found[2]), float(found[3])


def _shorten(text: str, width: float) -> str:
    """As much of a text as fits."""
    while text and text_width(text) * 12 / 11 > width:
        text = text[: -max(4, len(text) // 20)].rstrip() + "…"
    return text
