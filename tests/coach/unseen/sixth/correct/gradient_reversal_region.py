"""Demand model that must not know which region a row comes from (gradient reversal)."""
import gradbook as torch
import gradbook.nn.functional as F
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset


class ReverseGrad(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, strength):
        ctx.strength = strength
        return x.view_as(x)

    @staticmethod
    def backward(ctx, grad_output):
        return -ctx.strength * grad_output, None


class FairDemand(nn.Module):
    def __init__(self, d, hidden=24):
        super().__init__()
        self.trunk = nn.Sequential(nn.Linear(d, hidden), nn.ReLU())
        self.demand = nn.Linear(hidden, 1)
        self.region = nn.Sequential(nn.Linear(hidden, 16), nn.ReLU(), nn.Linear(16, 2))

    def forward(self, x, strength):
        h = self.trunk(x)
        return self.demand(h).squeeze(1), self.region(ReverseGrad.apply(h, strength))


def rows(n=800, d=9):
    region = torch.randint(0, 2, (n,))
    x = torch.randn(n, d)
    x[:, -2:] += 0.8 * (region.float().unsqueeze(1) * 2 - 1)
    demand = x[:, 0] + torch.relu(x[:, 1]) + 0.1 * torch.randn(n)
    x = (x - x.mean(0)) / x.std(0)
    return TensorDataset(x, (demand - demand.mean()) / demand.std(), region)


torch.manual_seed(36)
loader = DataLoader(rows(), batch_size=64, shuffle=True)
model = FairDemand(9)
optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
n_epochs = 8
for epoch in range(n_epochs):
    strength = 0.3 * (epoch + 1) / n_epochs
    model.train()
    fit = adv = 0.0
    for x, demand, region in loader:
        pred, region_logits = model(x, strength)
        task_loss = F.mse_loss(pred, demand)
        region_loss = F.cross_entropy(region_logits, region)
        optimizer.zero_grad()
        (task_loss + region_loss).backward()
        optimizer.step()
        fit += task_loss.item()
        adv += region_loss.item()
    print(f"epoch {epoch}: demand mse {fit / len(loader):.4f}  region ce {adv / len(loader):.4f}")
