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

STEP = """\
    loss = ((model(x) - y) ** 2).mean()
    opt.zero_grad(); loss.backward(); opt.step()
"""


def training(steps: int, pause: float = 0.02, inside: str = "", after: str = "") -> str:
    """A loop of `steps` steps, each at least `pause` seconds; `inside` is run in each step, `after` at the end."""
    lines = [f"for step in range({steps}):", STEP.rstrip("\n"), f"    time.sleep({pause})"]
    lines += [f"    {inside}"] if inside else []
    lines += [after] if after else []
    return "\n".join(lines)


LONG = 3_000  # steps of a loop that a test ends itself: a minute
STOP_SECONDS = 10
