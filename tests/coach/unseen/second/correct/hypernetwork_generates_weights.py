"""A hypernetwork writes the weights of a small target network from a task code (functional layers)."""
import gradbook as torch
import gradbook.nn.functional as F
from gradbook import nn

torch.manual_seed(0)
HID = 8
SIZES = [(HID, 1), (HID,), (1, HID), (1,)]
COUNT = sum(torch.Size(s).numel() for s in SIZES)


class HyperNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(2, 32), nn.ReLU(), nn.Linear(32, COUNT))

    def forward(self, code):
        flat = self.net(code)
        weights, i = [], 0
        for size in SIZES:
            n = torch.Size(size).numel()
            weights.append(flat[i:i + n].view(size))
            i += n
        return weights


def target_network(x, w):
    h = torch.tanh(F.linear(x, w[0], w[1]))
    return F.linear(h, w[2], w[3])


hyper = HyperNet()
opt = torch.optim.Adam(hyper.parameters(), lr=1e-2)
log = []
for step in range(80):
    loss = 0.0
    for _ in range(3):
        code = 2 * torch.rand(2) - 1
        x = 4 * torch.rand(24, 1) - 2
        y = code[0] * torch.tanh(2 * x) + code[1]
        loss = loss + F.mse_loss(target_network(x, hyper(code)), y) / 3
    opt.zero_grad()
    loss.backward()
    opt.step()
    log.append(loss.item())
print("loss", sum(log[:8]) / 8, "->", sum(log[-8:]) / 8)
