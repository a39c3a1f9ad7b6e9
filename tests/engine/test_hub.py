"""torch.hub: weights from a URL, kept and checked; a local folder's hubconf.py."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

import gradbook
from gradbook import hub


@pytest.fixture(autouse=True)
def folder(tmp_path: Path) -> Iterator[Path]:
    before = hub._dir
    hub.set_dir(tmp_path / "hub")
    yield tmp_path
    hub._dir = before


def saved(folder: Path, right: bool = True) -> Path:
    """A file of weights named by its hash, or by a wrong one."""
    plain = folder / "plain.pth"
    gradbook.save({"w": gradbook.arange(3)}, plain)
    digest = hashlib.sha256(plain.read_bytes()).hexdigest()[:8]
    return plain.rename(folder / f"net-{digest if right else '0badbad0'}.pth")


def test_weights_come_from_a_url_once(folder: Path) -> None:
    source = saved(folder)
    first = hub.load_state_dict_from_url(source.as_uri(), check_hash=True, progress=False)
    assert first["w"].tolist() == [0, 1, 2]
    kept = Path(hub.get_dir()) / "checkpoints" / source.name
    assert kept.exists()
    source.unlink()
    again = hub.load_state_dict_from_url("file:///gone/" + source.name, map_location="cpu")
    assert again["w"].tolist() == [0, 1, 2]
    assert hub.load_url is hub.load_state_dict_from_url


def test_a_wrong_hash_leaves_nothing_behind(folder: Path) -> None:
    source = saved(folder, right=False)
    with pytest.raises(RuntimeError, match=r'invalid hash value .expected "0badbad0"'):
        hub.load_state_dict_from_url(source.as_uri(), check_hash=True)
    assert list((Path(hub.get_dir()) / "checkpoints").iterdir()) == []


def test_a_file_of_another_name_and_folder(folder: Path) -> None:
    source = saved(folder)
    hub.load_state_dict_from_url(source.as_uri(), model_dir=str(folder / "mine"), file_name="w.pth")
    assert (folder / "mine" / "w.pth").exists()
    with pytest.raises(OSError, match="urlopen error"):
        hub.download_url_to_file((folder / "nowhere").as_uri(), folder / "x")


def test_where_downloads_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "_dir", None)
    monkeypatch.setenv("TORCH_HOME", "/data/torch")
    assert hub.get_dir() == "/data/torch/hub"
    monkeypatch.delenv("TORCH_HOME")
    monkeypatch.setenv("XDG_CACHE_HOME", "/cache")
    assert hub._get_torch_home() == "/cache/torch"
    assert hub.HASH_REGEX.search("resnet18-f37072fd.pth")[1] == "f37072fd"  # type: ignore[index]


def test_a_local_repository_and_no_other(folder: Path) -> None:
    (folder / "beside_hubconf.py").write_text("scale = 3\n")
    (folder / "hubconf.py").write_text(
        "dependencies = ['json']\nfrom beside_hubconf import scale\n"
        "def net(n, bias=0):\n    'A net.'\n    return scale * n + bias\n"
    )
    assert hub.load(folder, "net", 2, bias=1, source="local", trust_repo=True) == 7
    assert hub.list(folder, source="local") == ["net"]
    assert hub.help(folder, "net", source="local") == "A net."
    with pytest.raises(RuntimeError, match="Cannot find callable other"):
        hub.load(folder, "other", source="local")
    with pytest.raises(RuntimeError, match="source='local'"):
        hub.load("pytorch/vision", "resnet18")
    with pytest.raises(ValueError, match="Unknown source"):
        hub.load(folder, "net", source="ftp")
    with pytest.raises(FileNotFoundError, match=r"hubconf\.py"):
        hub.load(folder / "empty", "net", source="local")
    (folder / "hubconf.py").write_text("dependencies = ['no_such_package']\n")
    with pytest.raises(RuntimeError, match="Missing dependencies: no_such_package"):
        hub.list(folder, source="local")
