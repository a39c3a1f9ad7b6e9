# Two tasks on a shared GRU trunk, weighted by learned uncertainties (Kendall et al.).
import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, Dataset, random_split

torch.manual_seed(23)


class MachineLogs(Dataset):
    def __init__(self, n=400, steps=18):
        drift = torch.randn(n)
        self.mode = torch.randint(0, 3, (n,))
        t = torch.linspace(0, 1, steps)
        wave = torch.sin(t * 6.28 * (self.mode + 1).float().unsqueeze(1))
        a = wave + 0.2 * torch.randn(n, steps)
        b = drift.unsqueeze(1) * t + 0.2 * torch.randn(n, steps)
        series = torch.stack((a, b), dim=-1)
        self.series = (series - series.mean((0, 1))) / series.std((0, 1))
        self.drift = (drift - drift.mean()) / drift.std()

    def __len__(self):
        return len(self.mode)

    def __getitem__(self, i):
        return {"series": self.series[i], "mode": self.mode[i], "drift": self.drift[i]}


class TwoHeads(nn.Module):
    def __init__(self, hidden=32):
        super().__init__()
        self.trunk = nn.GRU(2, hidden, batch_first=True)
        self.mode_head = nn.Linear(hidden, 3)
        self.drift_head = nn.Linear(hidden, 1)
        self.log_var = nn.Parameter(torch.zeros(2))

    def forward(self, series):
        _, h = self.trunk(series)
        return self.mode_head(h[-1]), self.drift_head(h[-1]).squeeze(-1)

    def combine(self, classification, regression):
        losses = torch.stack([classification, 0.5 * regression])
        return (torch.exp(-self.log_var) * losses + 0.5 * self.log_var).sum()


train, val = random_split(MachineLogs(), [320, 80])
net = TwoHeads()
optimizer = torch.optim.Adam([
    {"params": [p for n, p in net.named_parameters() if n != "log_var"], "lr": 5e-3},
    {"params": [net.log_var], "lr": 2e-2},
])
for epoch in range(8):
    net.train()
    for batch in DataLoader(train, batch_size=32, shuffle=True):
        mode, drift = net(batch["series"])
        loss = net.combine(F.cross_entropy(mode, batch["mode"]), F.mse_loss(drift, batch["drift"]))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    net.eval()
    with torch.no_grad():
        batch = next(iter(DataLoader(val, batch_size=80)))
        mode, drift = net(batch["series"])
        acc = (mode.argmax(1) == batch["mode"]).float().mean().item()
        mse = F.mse_loss(drift, batch["drift"]).item()
    print(f"{epoch}: acc {acc:.3f} mse {mse:.3f} log-variances {[round(v, 2) for v in net.log_var.tolist()]}")
