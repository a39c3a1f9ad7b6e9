"""The small programs that the browser tests run in cells."""

SETUP = """\
%load_ext gradbook
import time
import gradbook as torch
from gradbook import nn
torch.manual_seed(0)
x = torch.randn(64, 4)
y = x.sum(dim=1, keepdim=True)
model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1))
opt = torch.optim.SGD(model.parameters(), lr=0.01)
"""


def training(steps: int, pause: float = 0.02, inside: str = "", after: str = "") -> str:
    """A loop of `steps` steps, each at least `pause` seconds.

    `inside` runs in each step just before the optimizer's; as the loop is held only in `zero_grad()` and at the end of
    `step()`, what it counts is the number of steps done whenever the loop is held. `after` runs at the end.
    """
    lines = [
        f"for step in range({steps}):",
        "    loss = ((model(x) - y) ** 2).mean()",
        "    opt.zero_grad(); loss.backward()",
        f"    {inside}",
        "    opt.step()",
        f"    time.sleep({pause})",
        after,
    ]
    return "\n".join(line for line in lines if line.strip())


LONG = 3_000  # steps of a loop that a test ends itself: a minute
STOP_SECONDS = 10
