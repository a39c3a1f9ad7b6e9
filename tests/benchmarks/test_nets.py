"""The benchmark of networks trains them with both libraries, to the same losses."""

from __future__ import annotations

import numpy as np
import pytest

from tests.benchmarks.nets import losses, main

pytest.importorskip("torch")
pytest.importorskip("llvmlite")


@pytest.mark.parametrize("name", ["mobilenet", "unet", "dcgan"])
def test_losses_are_those_of_pytorch(name: str) -> None:
    found = {rival: losses(name, rival, batch=2, steps=3) for rival in ("torch", "compile")}
    np.testing.assert_allclose(found["compile"], found["torch"], rtol=2e-3)
    assert len(set(found["torch"])) == 3


def test_unknown_networks_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["alexnet"])
    assert "no alexnet; there are resnet18" in capsys.readouterr().err
