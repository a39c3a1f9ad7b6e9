# %%
import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(7)

# %%
# next-value forecast on a noisy two-tone series
t = torch.arange(700).float()
series = torch.sin(0.2 * t) + 0.5 * torch.sin(0.07 * t + 1) + 0.05 * torch.randn(700)
series = (series - series[:560].mean()) / series[:560].std()
W = 16
windows = series.unfold(0, W + 1, 1)
X, y = windows[:, :W].unsqueeze(-1), windows[:, W]
split = 540
train = DataLoader(TensorDataset(X[:split], y[:split]), batch_size=60, shuffle=True)
X_val, y_val = X[split + W:], y[split + W:]

# %%
class Forecaster(nn.Module):
    def __init__(self, hidden=20):
        super().__init__()
        self.gru = nn.GRU(1, hidden, batch_first=True)
        self.head = nn.Linear(hidden, 1)

    def forward(self, x):
        _, h = self.gru(x)
        return self.head(h[-1])  # coach-line: target-mismatch


model = Forecaster()
optim = torch.optim.Adam(model.parameters(), lr=8e-3)

# %%
for epoch in range(8):
    model.train()
    for xb, yb in train:
        pred = model(xb)
        loss = F.mse_loss(pred, yb)  # coach: target-mismatch; fix: squeeze
        optim.zero_grad()
        loss.backward()  # coach-also: silent-broadcast
        optim.step()  # coach-also: loss-plateau
    model.eval()
    with torch.no_grad():
        mae = (model(X_val)[:, 0] - y_val).abs().mean()
    print(epoch, round(loss.item(), 4), round(mae.item(), 4))
