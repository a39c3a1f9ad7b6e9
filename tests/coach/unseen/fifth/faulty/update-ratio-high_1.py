import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

CONFIG = {
    "seed": 11,
    "batch_size": 64,
    "epochs": 6,
    "emb_lr": 2e-3,
    "tower_lr": 0.2,  # coach: update-ratio-high; fix: 1e-3
    "n_plans": 8,
}


class ChurnNet(nn.Module):
    def __init__(self, n_plans, n_num):
        super().__init__()
        self.plan = nn.Embedding(n_plans, 4)
        self.tower = nn.Sequential(nn.Linear(4 + n_num, 32), nn.ReLU(), nn.Linear(32, 1))

    def forward(self, plan, num):
        return self.tower(torch.cat([self.plan(plan), num], dim=1)).squeeze(1)


def make_frame(n=1024):
    plan = torch.randint(0, CONFIG["n_plans"], (n,))
    num = torch.randn(n, 6)
    score = num[:, 0] - 0.7 * num[:, 1] + 0.5 * (plan > 3).float() - 0.25
    y = (score + 0.3 * torch.randn(n) > 0).float()
    return plan, num, y


torch.manual_seed(CONFIG["seed"])
plan, num, y = make_frame()
loader = DataLoader(TensorDataset(plan, num, y), batch_size=CONFIG["batch_size"], shuffle=True)
model = ChurnNet(CONFIG["n_plans"], num.shape[1])
optimizer = torch.optim.Adam([  # coach-also: learning-rate-too-high
    {"params": model.plan.parameters(), "lr": CONFIG["emb_lr"]},
    {"params": model.tower.parameters(), "lr": CONFIG["tower_lr"]},  # coach-line: update-ratio-high
])
criterion = nn.BCEWithLogitsLoss()
for epoch in range(CONFIG["epochs"]):
    running, seen = 0.0, 0
    for p, x, t in loader:
        optimizer.zero_grad()
        loss = criterion(model(p, x), t)
        loss.backward()
        optimizer.step()
        running += loss.item() * len(t)
        seen += len(t)
    print(f"epoch {epoch} loss {running / seen:.4f}")
