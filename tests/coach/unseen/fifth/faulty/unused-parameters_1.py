import gradbook as torch
import gradbook.nn.functional as F
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset


class MixtureForecaster(nn.Module):
    def __init__(self, window, hidden, n_experts):
        super().__init__()
        self.gate = nn.Linear(window, n_experts)
        self.experts = [nn.Sequential(nn.Linear(window, hidden), nn.ReLU(), nn.Linear(hidden, 1)) for _ in range(n_experts)]  # coach: unused-parameters; fix: nn.ModuleList(

    def forward(self, x):
        g = F.softmax(self.gate(x), dim=1)
        preds = torch.cat([e(x) for e in self.experts], dim=1)
        return (g * preds).sum(dim=1)


def make_windows(n, w):
    t = torch.arange(n).float()
    s = torch.sin(t / 5) + 0.4 * torch.sin(t / 17) + 0.05 * torch.randn(n)
    s = (s - s.mean()) / s.std()
    return torch.stack([s[i:i + w] for i in range(n - w)]), s[w:]


torch.manual_seed(14)
X, y = make_windows(900, 16)
loader = DataLoader(TensorDataset(X, y), batch_size=64, shuffle=True)
model = MixtureForecaster(16, 24, 3)
opt = torch.optim.Adam(model.parameters(), lr=3e-3)  # coach-also: stale-optimizer
print("parameters:", sum(p.numel() for p in model.parameters()))
for epoch in range(5):
    losses = []
    for xb, yb in loader:
        opt.zero_grad()
        loss = F.mse_loss(model(xb), yb)
        loss.backward()
        opt.step()
        losses.append(loss.item())
    print(f"epoch {epoch}: {sum(losses) / len(losses):.4f}")
