# Sparse weights with L1, like in the lecture. gene expression -> sick / healthy
import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(16)

genes = torch.randn(600, 20)
sick = ((1.5 * genes[:, 3] - 2.0 * genes[:, 11] + 0.3 * torch.randn(600)) > 0).float()
dl = DataLoader(TensorDataset(genes[:500], sick[:500]), batch_size=50, shuffle=True)
gx, gy = genes[500:], sick[500:]

model = nn.Sequential(nn.Linear(20, 24), nn.ReLU(), nn.Linear(24, 1))  # coach-also: degenerate-activation
bce = nn.BCEWithLogitsLoss()  # coach-also: suspicious-initial-loss
optimizer = torch.optim.Adam(model.parameters(), lr=0.005)

for epoch in range(12):
    model.train()
    fit_sum = 0.0
    for x, y in dl:
        optimizer.zero_grad()
        fit = bce(model(x).squeeze(1), y)
        l1 = sum(p.abs().sum() for p in model.parameters())
        loss = fit + 0.1 * l1  # coach: regularisation-dominates
        loss.backward()
        optimizer.step()
        fit_sum += fit.item()
    model.eval()  # coach-also: constant-predictions
    with torch.no_grad():
        acc = ((model(gx).squeeze(1) > 0).float() == gy).float().mean().item()
    print(f"epoch {epoch}: bce {fit_sum / len(dl):.3f}  l1 {l1.item():.2f}  acc {acc:.2f}")
