import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(5)


class Expert(nn.Sequential):
    def __init__(self, d, h, c):
        super().__init__(nn.Linear(d, h), nn.GELU(), nn.Linear(h, c))


class MoE(nn.Module):
    def __init__(self, d=10, h=24, c=4, k=3):
        super().__init__()
        self.experts = nn.ModuleList([Expert(d, h, c) for _ in range(k)])
        self.router = nn.Linear(d, k)

    def forward(self, x):
        w = F.softmax(self.router(x), dim=-1)
        y = torch.stack([e(x) for e in self.experts], dim=1)
        return (w.unsqueeze(-1) * y).sum(1), w


teacher = torch.randn(10, 4)
X = torch.randn(320, 10)
Y = (X @ teacher).argmax(1)
loader = DataLoader(TensorDataset(X, Y), batch_size=32, shuffle=True)
moe = MoE()
optim = torch.optim.AdamW(moe.parameters(), lr=3e-3)

for epoch in range(5):
    running = 0.0
    for xb, yb in loader:
        logits, w = moe(xb)
        balance = ((w.mean(0) - 1 / 3) ** 2).sum()
        loss = F.cross_entropy(logits, yb) + 0.1 * balance
        loss.backward()
        optim.zero_grad()  # coach: optimizer-call-order
        optim.step()  # coach-line: optimizer-call-order
        running += loss.item()
    print(f"epoch {epoch}: {running / len(loader):.4f}")
