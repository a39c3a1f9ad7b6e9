"""A Lion optimizer written by hand on top of the Optimizer base class."""
import gradbook as torch
from gradbook import nn
from gradbook.optim import Optimizer
from gradbook.utils.data import DataLoader, TensorDataset


class Lion(Optimizer):
    def __init__(self, params, lr=1e-3, betas=(0.9, 0.99), weight_decay=0.0):
        super().__init__(params, dict(lr=lr, betas=betas, weight_decay=weight_decay))

    @torch.no_grad()
    def step(self, closure=None):
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            b1, b2 = group["betas"]
            for p in group["params"]:
                if p.grad is None:
                    continue
                state = self.state[p]
                if len(state) == 0:
                    state["m"] = torch.zeros_like(p)
                m = state["m"]
                p.mul_(1 - group["lr"] * group["weight_decay"])
                direction = (b1 * m + (1 - b1) * p.grad).sign()
                p.add_(direction, alpha=-group["lr"])
                m.mul_(b2).add_(p.grad, alpha=1 - b2)
        return loss


torch.manual_seed(42)
x = torch.randn(192, 9)
y = (x[:, :1] + x[:, 1:2].abs() - 0.8) / 1.2
net = nn.Sequential(nn.Linear(9, 40), nn.ReLU(), nn.Linear(40, 1))
opt = Lion(net.parameters(), lr=3e-3, weight_decay=0.01)
for epoch in range(8):
    for xb, yb in DataLoader(TensorDataset(x, y), batch_size=32, shuffle=True):
        opt.zero_grad()
        loss = nn.functional.mse_loss(net(xb), yb)
        loss.backward()
        opt.step()
    print(epoch, loss.item())
