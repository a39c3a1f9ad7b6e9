# %% a highway network whose gates open or close: CONFIG says how sharply
import gradbook as torch
from gradbook import nn

CONFIG = {"width": 20, "layers": 2, "sharpness": 150.0, "lr": 3e-3}  # coach: saturated-activation; fix: "sharpness": 1.0

# %%
class Highway(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.carry = nn.Linear(width, width)
        self.change = nn.Linear(width, width)

    def forward(self, h):
        opened = torch.sigmoid(self.carry(h) * CONFIG["sharpness"])  # coach-line: saturated-activation
        return h + opened * (torch.tanh(self.change(h)) - h)


torch.manual_seed(17)
parts = [nn.Linear(6, CONFIG["width"])]
parts += [Highway(CONFIG["width"]) for _ in range(CONFIG["layers"])]
net = nn.Sequential(*parts, nn.Linear(CONFIG["width"], 3))
adam = torch.optim.Adam(net.parameters(), lr=CONFIG["lr"])

# %%
points = torch.randn(120, 6)
kind = (points[:, 0] * points[:, 1] > 0).long() + (points[:, 2] > 0.5).long()
for step in range(30):
    rows = torch.randint(0, 120, (30,))
    loss = nn.functional.cross_entropy(net(points[rows]), kind[rows])
    adam.zero_grad()
    loss.backward()
    adam.step()
