"""The page of differences: the `Differs:` lines of the engine's docstrings, and the entries of known.toml."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.parity.known import known

PAGE = Path(__file__).parent / "DIFFERENCES.md"
ENGINE = Path(__file__).parents[2] / "engine"
MARK = "Differs:"
HEAD = """# What is not as in PyTorch

Written by `python -m tests.parity differences`: from the docstrings, and from what the parity suite lists as known.
Silence means agreement, as far as the suite sees.

## By design
"""


def documented(folder: Path) -> Iterator[tuple[str, str]]:
    """(dotted name, what differs) for each docstring with a `Differs:` line, which may go on to the next blank line."""
    for path in sorted(folder.rglob("*.py")):
        module = ".".join(("gradbook", *path.relative_to(folder).with_suffix("").parts)).removesuffix(".__init__")
        yield from in_tree(ast.parse(path.read_text(encoding="utf-8")), module)


def in_tree(tree: ast.AST, name: str) -> Iterator[tuple[str, str]]:
    """The same for a module, class or function and what stands in it."""
    if isinstance(tree, (ast.Module, ast.ClassDef, ast.FunctionDef)):
        text = ast.get_docstring(tree) or ""
        for part in text.split(MARK)[1:]:
            yield name, " ".join(part.split("\n\n")[0].split())
    for child in ast.iter_child_nodes(tree):
        if isinstance(child, (ast.ClassDef, ast.FunctionDef)):
            yield from in_tree(child, f"{name}.{child.name}")


def page() -> str:
    """The whole page."""
    lines = [HEAD]
    lines += [f"- `{name}`: {text}" for name, text in documented(ENGINE)]
    lists = known()
    for title, key in (("Absent", "absent"), ("Present, and not in full agreement", "failing"), ("Names", "api")):
        reasons: dict[str, list[str]] = {}
        for name, reason in lists[key].items():
            reasons.setdefault(reason, []).append(name)
        if reasons:
            lines += ["", f"## {title}", ""]
            lines += [f"- {', '.join(f'`{name}`' for name in names)}: {why}" for why, names in reasons.items()]
    return "\n".join(lines) + "\n"
