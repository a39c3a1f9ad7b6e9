"""What of this machine is used, and what is said where nothing can be."""

from __future__ import annotations

import subprocess
import sys

import pytest

from gradbook.kernels import host as module


def run(code: str, setting: str) -> str:
    """The output of a fresh interpreter with GRADBOOK_KERNELS set."""
    import os

    environment = {**os.environ, module.VARIABLE: setting}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True)
    return done.stdout.strip()


ASK = "from gradbook.kernels.host import host, unavailable; print(host() and host().isa, '|', unavailable())"


def test_kernels_can_be_switched_off() -> None:
    assert run(ASK, "off") == "None | GRADBOOK_KERNELS=off"


def test_a_wrong_setting_is_named() -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(module.VARIABLE, "sse9")
        with pytest.raises(ValueError, match=r"GRADBOOK_KERNELS is 'sse9'; it must be one of auto, off, avx512"):
            module.setting()


def test_a_narrower_set_of_instructions_can_be_asked_for() -> None:
    pytest.importorskip("llvmlite")
    here = module.host()
    if here is None or here.isa == "neon":
        pytest.skip("only x86-64 has two")
    assert run(ASK, "avx2") == "avx2 |"


def test_importing_gradbook_loads_no_compiler() -> None:
    assert run("import gradbook, sys; print('llvmlite' in sys.modules)", "auto") == "False"
