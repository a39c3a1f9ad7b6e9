"""Training steps of common convolutional networks at small sizes: time of a step, and peak memory, beside PyTorch.

python -m tests.benchmarks.nets [resnet18,vgg,mobilenet,unet,dcgan] [--threads 1] [--batch 16] [--rounds 5] [--memory]

One thread is measured in CPU time, several by the wall clock. --memory: each in a process of its own, not timed.
"""

from __future__ import annotations

import argparse
import importlib
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import gradbook
from tests.benchmarks.fresh import peak_mb
from tests.benchmarks.machine import machine, versions
from tests.benchmarks.timing import side_by_side
from tests.benchmarks.training import resnet18
from tests.benchmarks.workloads import classes, draw, filled

__all__ = ["NETS", "losses", "main"]

Step = Callable[[], Any]
ROOT = Path(__file__).parents[2]
STEPS = 6


def classified(torch: Any, model: Any, batch: int) -> Step:
    """Images of 32 x 32 in ten classes, SGD with momentum."""
    x, y = draw(torch, batch, 3, 32, 32), classes(torch, 10, batch)
    optimizer = torch.optim.SGD(filled(torch, model).parameters(), lr=0.01, momentum=0.9, weight_decay=5e-4)

    def step() -> Any:
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        return loss

    return step


def normed(torch: Any, conv: Any) -> list[Any]:
    """A convolution, batch norm, ReLU."""
    return [conv, torch.nn.BatchNorm2d(conv.out_channels), torch.nn.ReLU()]


def resnet(torch: Any, batch: int) -> Step:
    """ResNet-18."""
    return classified(torch, resnet18(torch), batch)


def vgg(torch: Any, batch: int) -> Step:
    """VGG-11 with batch norm."""
    nn, layers, before = torch.nn, [], 3
    for width, count in ((64, 1), (128, 1), (256, 2), (512, 2), (512, 2)):
        for _ in range(count):
            layers += normed(torch, nn.Conv2d(before, width, 3, padding=1))
            before = width
        layers.append(nn.MaxPool2d(2))
    return classified(torch, nn.Sequential(*layers, nn.Flatten(), nn.Linear(512, 10)), batch)


def mobilenet(torch: Any, batch: int) -> Step:
    """MobileNet's blocks: a convolution within each channel, one of 1 x 1 across them."""
    nn, before = torch.nn, 32
    layers = normed(torch, nn.Conv2d(3, 32, 3, padding=1, bias=False))
    for width, stride in ((64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), (512, 1)):
        layers += normed(torch, nn.Conv2d(before, before, 3, stride, 1, groups=before, bias=False))
        layers += normed(torch, nn.Conv2d(before, width, 1, bias=False))
        before = width
    return classified(torch, nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(512, 10)), batch)


def unet(torch: Any, batch: int) -> Step:
    """A U-Net of three levels for masks of 64 x 64: transposed convolution up once, bilinear once, joined by cat."""
    nn = torch.nn

    class UNet(nn.Module):  # type: ignore[misc,name-defined]
        def __init__(self) -> None:
            super().__init__()
            pairs = (("down1", 3, 32), ("down2", 32, 64), ("middle", 64, 128), ("up2", 128, 64), ("up1", 96, 32))
            for name, before, after in pairs:
                both = [nn.Conv2d(before, after, 3, padding=1), nn.Conv2d(after, after, 3, padding=1)]
                self.add_module(name, nn.Sequential(*normed(torch, both[0]), *normed(torch, both[1])))
            self.larger = nn.ConvTranspose2d(128, 64, 2, 2)
            self.head = nn.Conv2d(32, 1, 1)

        def forward(self, x: Any) -> Any:
            pool, resized = nn.functional.max_pool2d, nn.functional.interpolate
            one = self.down1(x)
            two = self.down2(pool(one, 2))
            up = self.up2(torch.cat([self.larger(self.middle(pool(two, 2))), two], 1))
            wide = resized(up, scale_factor=2, mode="bilinear", align_corners=False)
            return self.head(self.up1(torch.cat([wide, one], 1)))

    model = filled(torch, UNet())
    x, y = draw(torch, batch, 3, 64, 64), (draw(torch, batch, 1, 64, 64, seed=3) > 0).to(torch.float32)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)

    def step() -> Any:
        optimizer.zero_grad()
        loss = nn.functional.binary_cross_entropy_with_logits(model(x), y)
        loss.backward()
        optimizer.step()
        return loss

    return step


def dcgan(torch: Any, batch: int) -> Step:
    """DCGAN on images of 32 x 32: a step of the discriminator and one of the generator."""
    nn = torch.nn

    def leaky(*layers: Any) -> list[Any]:
        return [*layers, nn.LeakyReLU(0.2)]

    makes = nn.Sequential(
        *normed(torch, nn.ConvTranspose2d(64, 256, 4, bias=False)),
        *normed(torch, nn.ConvTranspose2d(256, 128, 4, 2, 1, bias=False)),
        *normed(torch, nn.ConvTranspose2d(128, 64, 4, 2, 1, bias=False)),
        nn.ConvTranspose2d(64, 3, 4, 2, 1), nn.Tanh(),
    )  # fmt: skip
    judges = nn.Sequential(
        *leaky(nn.Conv2d(3, 64, 4, 2, 1)),
        *leaky(nn.Conv2d(64, 128, 4, 2, 1, bias=False), nn.BatchNorm2d(128)),
        *leaky(nn.Conv2d(128, 256, 4, 2, 1, bias=False), nn.BatchNorm2d(256)),
        nn.Conv2d(256, 1, 4), nn.Flatten(),
    )  # fmt: skip
    filled(torch, makes), filled(torch, judges)
    real, noise = draw(torch, batch, 3, 32, 32), draw(torch, batch, 64, 1, 1, seed=3)
    yes, no = torch.ones(batch, 1), torch.zeros(batch, 1)
    mine, theirs = (torch.optim.Adam(net.parameters(), lr=2e-4, betas=(0.5, 0.999)) for net in (makes, judges))
    loss_of = nn.functional.binary_cross_entropy_with_logits

    def step() -> Any:
        made = makes(noise)
        theirs.zero_grad()
        told = loss_of(judges(real), yes) + loss_of(judges(made.detach()), no)
        told.backward()
        theirs.step()
        mine.zero_grad()
        loss = loss_of(judges(made), yes)
        loss.backward()
        mine.step()
        return told.detach() + loss.detach()

    return step


NETS = {"resnet18": resnet, "vgg": vgg, "mobilenet": mobilenet, "unet": unet, "dcgan": dcgan}


def built(name: str, rival: str, batch: int) -> Step:
    """A network's step with "torch", "eager" or "compile"."""
    library: Any = importlib.import_module("torch" if rival == "torch" else "gradbook")
    step = NETS[name](library, batch)
    return library.compile(step, options={"wait": True}) if rival == "compile" else step


def losses(name: str, rival: str, batch: int, steps: int = STEPS) -> list[float]:
    """The losses of the first steps."""
    step = built(name, rival, batch)
    return [step().item() for _ in range(steps)]


def timed(name: str, batch: int, threads: int, rounds: int) -> str:
    """A row: milliseconds of a step with each, and how many times faster than PyTorch."""
    importlib.import_module("torch").set_num_threads(threads)
    gradbook.set_num_threads(threads)
    steps = {rival: built(name, rival, batch) for rival in ("torch", "eager", "compile")}
    times = side_by_side(steps, cpu=threads == 1, rounds=rounds, seconds=0.1)
    torch, eager, compiled = (1e3 * times[rival].least for rival in steps)
    left = gradbook.compile.explain(steps["compile"])  # type: ignore[attr-defined]
    cells = [
        name,
        f"{torch:.1f}",
        f"{eager:.1f}",
        f"{compiled:.1f}",
        f"{torch / eager:.2f}×",
        f"{torch / compiled:.2f}×",
    ]
    return "| " + " | ".join([*cells, str(len(left) or "")]) + " |"


def remembered(name: str, batch: int, threads: int) -> str:
    """A row: the most megabytes that a process had in the first steps with each."""
    found = []
    for rival in ("torch", "eager", "compile"):
        words = [sys.executable, "-m", "tests.benchmarks.nets", name, f"--batch={batch}", f"--threads={threads}"]
        done = subprocess.run([*words, f"--alone={rival}"], cwd=ROOT, capture_output=True, text=True, check=True)
        found.append(done.stdout.strip())
    return "| " + " | ".join([name, *found]) + " |"


def alone(name: str, rival: str, batch: int, threads: int) -> str:
    """The peak memory of this process after some steps, in MB."""
    library: Any = importlib.import_module("torch" if rival == "torch" else "gradbook")
    library.set_num_threads(threads)
    losses(name, rival, batch)
    return f"{peak_mb():.0f}"


def main(words: Iterable[str]) -> int:
    """Measure and print. -> 0"""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.nets", description=__doc__)
    parser.add_argument("nets", nargs="?", type=lambda text: text.split(","), default=list(NETS))
    for name, usual in (("threads", 1), ("batch", 16), ("rounds", 5)):
        parser.add_argument(f"--{name}", type=int, default=usual)
    parser.add_argument("--memory", action="store_true")
    parser.add_argument("--alone", choices=("torch", "eager", "compile"), help=argparse.SUPPRESS)
    asked = parser.parse_args(list(words))
    if unknown := set(asked.nets) - set(NETS):
        parser.error(f"no {', '.join(sorted(unknown))}; there are {', '.join(NETS)}")
    if asked.alone:
        print(alone(asked.nets[0], asked.alone, asked.batch, asked.threads))
        return 0
    about = ", ".join(f"{name} {version}" for name, version in versions().items())
    print(f"{machine()}; {about}; batch {asked.batch}, {asked.threads} thread(s)\n")
    unit = "peak MB" if asked.memory else "ms of CPU time" if asked.threads == 1 else "ms"
    more = "" if asked.memory else " eager, × | compile, × | left to Python |"
    print(f"| {unit} | torch | eager | compile |{more}\n|---|---|---|---|{'---|' * more.count('|')}")
    for name in asked.nets:
        row = remembered(name, asked.batch, asked.threads) if asked.memory else timed(
            name, asked.batch, asked.threads, asked.rounds)  # fmt: skip
        print(row, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
