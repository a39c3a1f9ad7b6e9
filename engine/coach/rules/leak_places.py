"""Where samples of the training came into a validation: the line that takes them, and one that takes others."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from gradbook.coach import code
from gradbook.coach.claims import Claim
from gradbook.coach.code import Place
from gradbook.coach.finding import Fix
from gradbook.coach.loading import dataset_of
from gradbook.observe.failure.definitions import function_of
from gradbook.observe.failure.text import Edit, Source, apply, called_name
from gradbook.observe.source import Where

if TYPE_CHECKING:
    from gradbook.coach.rules.leaks import Data

__all__ = ["blame", "carried"]


def blame(coach: Any, trained: Data, data: Data, words: Claim) -> tuple[Any, list[Fix]]:
    """The line that takes the samples, and a line that takes others."""
    loader = data.loader() if data.loader is not None else None
    other = trained.loader() if trained.loader is not None else None
    split = Fix(
        "train_set, val_set = torch.utils.data.random_split(dataset, [n_train, n_val])", (), "no sample in both"
    )
    if (half := other_half(trained, data)) is not None:
        return half
    if loader is not None:
        built = coach.built_at(loader)
        at = code.place(built.where) if built is not None else words.at
        mine = other is not None and dataset_of(loader) is dataset_of(other)
        if at is not None and (fixed := loaded(at, mine)) is not None:
            return fixed[0], [*fixed[1], split]
        return (at.at if at is not None else words.at.at), [split]
    if data.where is not None and data.maker != "index" and not same_tensor(trained, data):
        at = code.place(data.where)
        return data.where, [*sliced(at, trained), split]
    found = by_rows(code.place(data.where)) or by_rows(code.assignment(words.at, words.word))
    return (found[0], [*found[1], split]) if found is not None else (renamed_or_here(words, data), [split])


def by_rows(at: Place | None) -> tuple[Any, list[Fix]] | None:
    """Of `x[rows]` where the rows were chosen together with those of the training."""
    node = at.expression if at is not None else None
    rows = node.slice if isinstance(node, ast.Subscript) else None
    made = code.assignment(at, rows.id) if isinstance(rows, ast.Name) else None
    return overlapping(made) if made is not None else None


def other_half(trained: Data, data: Data) -> tuple[Any, list[Fix]] | None:
    """The line of a training's loader that takes all of what was split, and that line with the half that is its own."""
    held, whole = (each.dataset() if each.dataset is not None else None for each in (data, trained))
    part: Any = held
    while part is not whole and hasattr(part, "indices") and hasattr(part, "dataset"):
        part = part.dataset
    mine, theirs = loader_call(data.built), loader_call(trained.built)
    if whole is None or part is not whole or held is whole or mine is None or theirs is None:
        return None
    (at, given), validation = theirs, ast.unparse(mine[1])
    halves = [target for source in code.sources(at) for target in parts_of(source, ast.unparse(given))]
    if validation not in {ast.unparse(target) for _, target in halves}:
        return None
    free = [(source, node) for source, node in halves if ast.unparse(node) != validation]
    if not free:
        return None
    source, node = next((pair for pair in free if "train" in ast.unparse(pair[1])), free[0])
    name, edits = ast.unparse(node), tuple[Edit, ...]()
    if name.strip("_") == "":  # `_, val_set = random_split(...)`
        name = training_of(validation)
        edits = (source.replace(node, name),)
    fix = code.replacement(at, given, name, "the samples that the validation does not have")
    fix.edits = (*fix.edits, *edits)
    return at.at, [fix]


def loader_call(built: Where | None) -> tuple[Place, ast.expr] | None:
    """Where a loader was constructed, and the data set that it is given there."""
    at = code.place(built)
    call = at.expression if at is not None else None
    if at is None or not isinstance(call, ast.Call):
        return None
    named = [keyword.value for keyword in call.keywords if keyword.arg == "dataset"]
    return next(((at, node) for node in (*call.args[:1], *named)), None)


def parts_of(source: Source, whole: str) -> Iterator[tuple[Source, ast.expr]]:
    """What is given the parts of a data set of this name: by random_split(), as a Subset()."""
    for node in source.nodes():
        call = node.value if isinstance(node, ast.Assign) else None
        if not isinstance(node, ast.Assign) or not isinstance(call, ast.Call) or not call.args:
            continue
        if called_name(call) in ("random_split", "Subset") and ast.unparse(call.args[0]) == whole:
            target = node.targets[0]
            yield from ((source, each) for each in (target.elts if isinstance(target, ast.Tuple) else [target]))


def same_tensor(trained: Data, data: Data) -> bool:
    """Whether training and validation take their samples from one tensor."""
    one = trained.tensor() if trained.tensor is not None else None
    return one is not None and data.tensor is not None and data.tensor() is one


def loaded(at: Place, same: bool) -> tuple[Any, list[Fix]] | None:
    """The loader's line, or that of the data set which it is given by name."""
    statement = at.statement
    calls = (
        [n for n in ast.walk(statement) if isinstance(n, ast.Call) and "oader" in called_name(n)] if statement else []
    )
    call = at.expression if isinstance(at.expression, ast.Call) else calls[0] if calls else None
    if call is None or not call.args:
        return None
    given = call.args[0]
    if isinstance(given, ast.Call) and called_name(given) == "Subset" and len(given.args) > 1:
        return chosen(at, given.args[1])
    if isinstance(given, ast.Call) and given.args and isinstance(given.args[0], ast.Name):  # TensorDataset(x, y)
        made = code.assignment(at, given.args[0].id)
        return overlapping(made) if made is not None else None
    if not isinstance(given, ast.Name | ast.Attribute):
        return at.at, []
    if same or isinstance(given, ast.Attribute):
        name = at.source.segment(given)
        return at.at, [code.replacement(at, given, validation_of(name), "samples that are not trained on")]
    made = code.assignment(at, given.id)
    return (overlapping(made) or (made.at, [])) if made is not None else (at.at, [])


def overlapping(made: Place) -> tuple[Any, list[Fix]] | None:
    """Where the user's code splits the data, in a function or beside it, so that the parts have samples in common."""
    call = made.expression
    name = call.func.id if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) else ""
    there = code.definition(made, name)
    if there is None and not isinstance(call, ast.Subscript):
        return None
    at = there or made
    inside = there.statement if there is not None else function_of(at.source, at.statement)
    nodes = [n for n in at.source.nodes() if isinstance(n, ast.expr) and function_of(at.source, n) is inside]
    return rounds(at, nodes) or heads(at, nodes)


def rounds(made: Place, nodes: list[ast.expr]) -> tuple[Any, list[Fix]] | None:
    """`folds[:k] + folds[k:]`: the fold that is held out is among the others."""
    for node in nodes:
        left, right = (node.left, node.right) if isinstance(node, ast.BinOp) else (None, None)
        if not (isinstance(left, ast.Subscript) and isinstance(right, ast.Subscript)):
            continue
        first, second = left.slice, right.slice
        if isinstance(first, ast.Slice) and isinstance(second, ast.Slice) and first.upper and second.lower:
            same = ast.unparse(left.value) == ast.unparse(right.value)
            if same and ast.unparse(first.upper) == ast.unparse(second.lower):
                new = f"{made.source.segment(second.lower)} + 1"
                fix = code.replacement(made, second.lower, new, "all but that one")
                return (made.file, node.lineno), [fix]
    return None


def heads(made: Place, nodes: list[ast.expr]) -> tuple[Any, list[Fix]] | None:
    """Two parts of the same data that both begin at the first sample: the second one that is taken."""
    found: dict[str, list[tuple[str, ast.Subscript]]] = {}
    subscripts = [node for node in nodes if isinstance(node, ast.Subscript)]
    for node in subscripts:
        if (end := _end_of_head(node)) is not None:
            found.setdefault(ast.unparse(node.value), []).append((end, node))
    for parts in found.values():
        ends = list(dict.fromkeys(end for end, _ in sorted(parts, key=lambda part: part[1].lineno)))
        if len(ends) == 2:
            part = next(node for end, node in parts if end == ends[1])
            line = made.source.statement(part.lineno)
            beside = [n for n in subscripts if _end_of_head(n) == ends[1] and made.source.statement(n.lineno) is line]
            texts = [(n, f"{made.source.segment(n.value)}[{ends[0]}:]") for n in beside]  # and their targets
            edits = tuple(made.source.replace(n, text) for n, text in texts)
            shown = apply(made.source.text, edits).splitlines()[part.lineno - 1].strip()
            return (made.file, part.lineno), [Fix(shown, edits, "what comes after that of the other part")]
    return None


def _end_of_head(node: ast.Subscript) -> str | None:
    """`800` of `X[:800]`, of any other part None."""
    cut = node.slice if isinstance(node.ctx, ast.Load) else None
    if not isinstance(cut, ast.Slice) or cut.upper is None or cut.lower is not None or cut.step is not None:
        return None
    return ast.unparse(cut.upper)


def carried(trained: Data) -> tuple[Any, list[Fix]]:
    """Where a model was made once, and that line again before each of its trainings."""
    made = code.place(trained.model.where if trained.model is not None else None)
    again = code.place(trained.again.where if trained.again is not None else None)
    if made is None or made.statement is None:
        return (again.at if again is not None else None), []
    text = " ".join(made.source.segment(made.statement).split())
    return made.at, [code.insertion(again, text, "a new model for each round")]


def chosen(at: Place, rows: ast.expr) -> tuple[Any, list[Fix]]:
    """The line that chooses the rows of a Subset; `torch.randperm(n)[400:]` is of an order that no other has."""
    names = [node.id for node in ast.walk(rows) if isinstance(node, ast.Name)]
    made = code.assignment(at, names[0]) if len(names) == 1 else None
    if made is None:
        return at.at, []
    node = made.expression
    if not isinstance(node, ast.Subscript) or not isinstance(node.value, ast.Call):
        return overlapping(made) or (made.at, [])
    drawn = made.source.segment(node.value)
    return made.at, [code.replacement(made, node.value, "order", f"and order = {drawn} before it, once for both parts")]


def validation_of(name: str) -> str:
    """`val_set` for `train_set`."""
    return name.replace("training", "validation").replace("train", "val") if "train" in name else f"val_{name}"


def training_of(name: str) -> str:
    """`train_set` for `val_set`."""
    for word in ("validation", "valid", "val", "test", "dev", "holdout"):
        if word in name:
            return name.replace(word, "train")
    return f"train_{name}"


def sliced(at: Place | None, trained: Data) -> list[Fix]:
    """`X[800:]` where the training took `X[:800]`."""
    there = code.place(trained.where)
    node, other = part_of(at), part_of(there)
    if at is None or there is None or node is None or other is None or not isinstance(other.slice, ast.Slice):
        return []
    base, upper = at.source.segment(node.value), other.slice.upper
    if there.source.segment(other.value) != base or upper is None:
        return []
    new = f"{base}[{there.source.segment(upper)}:]"
    return [code.replacement(at, node, new, "what comes after that of the training")]


def part_of(at: Place | None) -> ast.Subscript | None:
    """`X[:800]`, also in `torch.from_numpy(X[:800])`."""
    node = at.expression if at is not None else None
    node = node.args[0] if isinstance(node, ast.Call) and node.args else node
    return node if isinstance(node, ast.Subscript) else None


def renamed_or_here(words: Claim, data: Data) -> Any:
    """The line that gave the data its name, such as `x_test = x_train`; else the one that calls it so."""
    statement = words.at.statement
    head = statement.iter if isinstance(statement, ast.For) else statement
    for node in ast.walk(head) if head is not None else ():
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id == words.word:
            made = code.assignment(words.at, node.id)
            if made is not None:
                return made.at
    return words.at.at if data.where is None or statement is not None else data.where
