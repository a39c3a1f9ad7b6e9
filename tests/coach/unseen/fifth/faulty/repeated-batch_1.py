import gradbook as torch
import gradbook.nn.functional as F
from gradbook import nn


class BatchSource:
    def __init__(self, x, y, size, seed):
        self.x, self.y, self.size, self.seed = x, y, size, seed

    def sample(self):
        g = torch.Generator().manual_seed(self.seed)  # coach: repeated-batch
        rows = torch.randint(0, len(self.x), (self.size,), generator=g)  # coach-line: repeated-batch
        return self.x[rows], self.y[rows]


class Ranker(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.l1 = nn.Linear(d, 32)
        self.l2 = nn.Linear(32, 1)

    def forward(self, x):
        return self.l2(F.relu(self.l1(x))).squeeze(-1)


def main(cfg):
    torch.manual_seed(cfg["seed"])
    x = torch.randn(2000, 12)
    rel = torch.tanh(x[:, 0] + 0.5 * x[:, 1]) + 0.1 * torch.randn(2000)
    rel = (rel - rel.mean()) / rel.std()
    source = BatchSource(x[:1600], rel[:1600], cfg["batch"], cfg["seed"])
    model = Ranker(12)
    opt = torch.optim.Adam(model.parameters(), lr=cfg["lr"])
    for step in range(cfg["steps"]):
        xb, yb = source.sample()
        opt.zero_grad()
        loss = F.mse_loss(model(xb), yb)
        loss.backward()
        opt.step()
        if step % 30 == 0:
            print(f"step {step:4d} loss {loss.item():.4f}")
    model.eval()
    with torch.no_grad():
        print("holdout", F.mse_loss(model(x[1600:]), rel[1600:]).item())  # coach-also: overfitting


main({"seed": 123, "batch": 64, "steps": 150, "lr": 3e-3})
