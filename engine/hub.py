"""torch.hub: weights from a URL into a folder, checked by their hash, and models from a local folder's hubconf.py.

Differs: `load`, `list` and `help` take source="local" only. A repository from the network would bring code that runs
here, so download it yourself, read it, and name the folder.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

from gradbook.errors import GradbookError

__all__ = [
    "download_url_to_file", "get_dir", "help", "list", "load", "load_state_dict_from_url", "set_dir",
]  # fmt: skip

HASH_REGEX = re.compile(r"-([a-f0-9]*)\.")  # resnet18-f37072fd.pth
HUBCONF = MODULE_HUBCONF = "hubconf.py"
CHUNK = 1 << 17  # bytes

_dir: str | None = None


class HubError(GradbookError, RuntimeError, ValueError):
    """A download that is not what it should be, or a repository that may not be loaded."""


def _get_torch_home() -> str:
    """$TORCH_HOME, or torch/ in the user's cache."""
    cache = os.environ.get("XDG_CACHE_HOME", "~/.cache")
    return os.path.expanduser(os.environ.get("TORCH_HOME", os.path.join(cache, "torch")))


def get_dir() -> str:
    """Where downloads are kept, as torch.hub.get_dir: set_dir's, or hub/ in $TORCH_HOME or the user's cache."""
    return _dir if _dir is not None else os.path.join(_get_torch_home(), "hub")


def set_dir(d: str | os.PathLike[str]) -> None:
    """Keep downloads there from now on."""
    global _dir
    _dir = os.path.expanduser(d)


def download_url_to_file(
    url: str, dst: str | os.PathLike[str], hash_prefix: str | None = None, progress: bool = True
) -> None:
    """Bring a URL (http, https or file) into a file, as torch.hub.download_url_to_file.

    The file appears whole or not at all. hash_prefix: how its SHA-256 begins. Raises RuntimeError if it does not,
    and URLError where the network says no. Differs: no bar is shown.
    """
    from urllib.request import Request, urlopen

    target = Path(os.path.expanduser(dst))
    digest = hashlib.sha256()
    part = tempfile.NamedTemporaryFile(dir=target.parent, prefix=f"{target.name}.", delete=False)
    try:
        with part, urlopen(Request(url, headers={"User-Agent": "gradbook.hub"})) as source:
            while chunk := source.read(CHUNK):
                part.write(chunk)
                digest.update(chunk)
        found = digest.hexdigest()
        if hash_prefix and not found.startswith(hash_prefix):
            raise HubError(
                f'invalid hash value (expected "{hash_prefix}", got "{found[: len(hash_prefix)]}"): {url} was cut '
                "short or is another file; download it again"
            )
        shutil.move(part.name, target)
    finally:
        Path(part.name).unlink(missing_ok=True)


def load_state_dict_from_url(
    url: str,
    model_dir: str | None = None,
    map_location: Any = None,
    progress: bool = True,
    check_hash: bool = False,
    file_name: str | None = None,
    weights_only: bool = True,
) -> Any:
    """The object in a file that a URL names, as torch.hub.load_state_dict_from_url: downloaded once, then kept.

    check_hash: its name carries the beginning of its SHA-256, `name-<hash>.pth`. The file is read by gradbook.load,
    which runs nothing from it, whatever weights_only says. Raises RuntimeError if the hash is another.
    """
    from gradbook.serialization import load as load_file

    folder = Path(model_dir) if model_dir is not None else Path(get_dir()) / "checkpoints"
    folder.mkdir(parents=True, exist_ok=True)
    kept = folder / (file_name or Path(urlparse(url).path).name)
    if not kept.exists():
        prefix = HASH_REGEX.search(kept.name) if check_hash else None
        download_url_to_file(url, kept, prefix[1] if prefix else None, progress)
    return load_file(kept, map_location=map_location)


load_url = load_state_dict_from_url


def _local(repo_or_dir: Any, source: str, what: str) -> Path:
    if source not in ("github", "local"):
        raise HubError(f'Unknown source: "{source}". Allowed values: "github" | "local".')
    if source == "github":
        raise HubError(
            f"torch.hub.{what}: a repository from the network would run its code here. Download {repo_or_dir!r} "
            f"yourself, read it, and call torch.hub.{what}(folder, ..., source='local')"
        )
    return Path(os.path.expanduser(repo_or_dir))


@contextlib.contextmanager
def _hubconf(folder: Path) -> Iterator[Any]:
    """The module hubconf.py of a folder, which may import what lies beside it."""
    path = folder / HUBCONF
    if not path.exists():
        raise FileNotFoundError(f"{folder} has no {HUBCONF}")
    sys.path.insert(0, str(folder))
    try:
        spec = importlib.util.spec_from_file_location("hubconf", path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        missing = [name for name in getattr(module, "dependencies", []) if importlib.util.find_spec(name) is None]
        if missing:
            raise HubError(f"Missing dependencies: {', '.join(missing)}")
        yield module
    finally:
        sys.path.remove(str(folder))


def _entry(module: Any, name: str) -> Any:
    if not isinstance(name, str):
        raise HubError("Invalid input: model should be a str of function name")
    found = getattr(module, name, None)
    if not callable(found):
        raise HubError(f"Cannot find callable {name} in hubconf")
    return found


def load(repo_or_dir: Any, model: str, *args: Any, source: str = "github", **kwargs: Any) -> Any:
    """What an entry of a local folder's hubconf.py makes, as torch.hub.load(..., source="local").

    Differs: source="github" raises RuntimeError, which says what to do.
    """
    for option in ("trust_repo", "force_reload", "verbose", "skip_validation"):
        kwargs.pop(option, None)
    with _hubconf(_local(repo_or_dir, source, "load")) as module:
        return _entry(module, model)(*args, **kwargs)


def list(repo_or_dir: Any, *args: Any, source: str = "github", **kwargs: Any) -> Any:
    """The entries of a local folder's hubconf.py, as torch.hub.list. Differs: as load."""
    with _hubconf(_local(repo_or_dir, source, "list")) as module:
        return [name for name, value in vars(module).items() if callable(value) and not name.startswith("_")]


def help(repo_or_dir: Any, model: str, *args: Any, source: str = "github", **kwargs: Any) -> Any:
    """The docstring of an entry, as torch.hub.help. Differs: as load."""
    with _hubconf(_local(repo_or_dir, source, "help")) as module:
        return _entry(module, model).__doc__
