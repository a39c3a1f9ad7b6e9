"""The wheel holds everything, is pure Python, and works from there without anything of the tree."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SOURCES = {
    "engine": "gradbook",
    "widgets": "gradbook/widgets",
    "kernel_ext": "gradbook/kernel_ext",
    "notebooks": "gradbook/lessons",
}
MOVED = {"gradbook/data/": "gradbook/utils/data/"}
NOT_SHIPPED = ("js", "pictures", "node_modules", "__pycache__", ".ipynb_checkpoints", ".mypy_cache", ".ruff_cache")


def installed_name(source: Path) -> str:
    """Where a file of the tree stands in the wheel."""
    folder, *rest = source.relative_to(ROOT).parts
    name = "/".join([SOURCES[folder], *rest])
    for old, new in MOVED.items():
        name = name.replace(old, new)
    return name


def shipped_files() -> list[str]:
    """What the tree says must be in the wheel: every module and every data file."""
    files = []
    for folder in SOURCES:
        for path in (ROOT / folder).rglob("*"):
            hidden = any(part in NOT_SHIPPED for part in path.relative_to(ROOT).parts)
            if path.is_file() and not hidden and path.name != "ruff.toml" and path.suffix != ".pyc":
                files.append(installed_name(path))
    return files


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a copy of the tree, so that nothing left over from an earlier build gets in."""
    tree = tmp_path_factory.mktemp("tree")
    for folder in SOURCES:
        shutil.copytree(ROOT / folder, tree / folder, ignore=shutil.ignore_patterns(*NOT_SHIPPED))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, tree)
    out = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(out), str(tree)]
    subprocess.run(build, check=True)
    (built,) = out.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def unpacked(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel's files, as an installer lays them."""
    folder = tmp_path_factory.mktemp("site")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder


def run(program: str, site: Path, cwd: Path) -> str:
    """Run a program that finds gradbook in `site` and no torch at all. -> what it prints."""
    blocked = "import sys; sys.modules['torch'] = None\n"
    env = {**os.environ, "PYTHONPATH": str(site)}
    done = subprocess.run(
        [sys.executable, "-c", blocked + program], cwd=cwd, env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_wheel_is_pure_python(wheel: Path) -> None:
    assert wheel.name.endswith("-py3-none-any.whl")


def test_every_module_and_data_file_is_in_the_wheel(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        there = {name for name in archive.namelist() if ".dist-info/" not in name}
    wanted = set(shipped_files())
    assert {"gradbook/py.typed", "gradbook/datasets/digits.npz", "gradbook/widgets/static/gradbook.js"} <= wanted
    assert wanted - there == set()
    assert there - wanted == set()


def test_the_licence_is_in_the_wheel(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        assert any(name.endswith("/licenses/LICENSE") for name in archive.namelist())


def test_it_works_from_the_wheel_alone(unpacked: Path, tmp_path: Path) -> None:
    out = run(
        "import gradbook, gradbook.widgets, gradbook.kernel_ext\n"
        "from gradbook import nn, optim\n"
        "from gradbook.utils.data import DataLoader\n"
        "from gradbook.datasets import digits\n"
        "images, labels = digits()\n"
        "loss = nn.functional.cross_entropy(nn.Linear(64, 10)(images.flatten(1)), labels)\n"
        "loss.backward()\n"
        "print(gradbook.__file__, loss.item() > 0)",
        unpacked,
        tmp_path,
    )
    assert out.split() == [str(unpacked / "gradbook" / "__init__.py"), "True"]


def test_the_lesson_is_found_in_the_wheel(unpacked: Path, tmp_path: Path) -> None:
    out = run(
        "from pathlib import Path\nfrom gradbook.kernel_ext.cli import copy_lesson, lessons\n"
        "print(copy_lesson(lessons()[0], Path('here')).read_bytes()[:1].decode())",
        unpacked,
        tmp_path,
    )
    assert out.strip() == "{"
