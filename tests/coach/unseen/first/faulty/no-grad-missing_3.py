import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
torch.manual_seed(41)
series = torch.sin(torch.arange(300) * 0.2) * 0.8 + torch.sin(torch.arange(300) * 0.05) * 0.4
W = 12
xs = series.unfold(0, W + 1, 1)
xs = xs[torch.randperm(len(xs))]
train_w, val_w = xs[:220], xs[220:]
class LSTMForecaster(nn.Module):
    def __init__(self, hidden=16):
        super().__init__()
        self.lstm = nn.LSTM(1, hidden, batch_first=True)
        self.fc = nn.Linear(hidden, 1)
    def forward(self, w):
        o, _ = self.lstm(w.unsqueeze(-1))
        return self.fc(o[:, -1]).squeeze(-1)
model = LSTMForecaster()
optimiser = torch.optim.Adam(model.parameters(), lr=1e-2)
for epoch in range(4):
    model.train()
    for chunk in train_w[torch.randperm(220)].split(44):
        optimiser.zero_grad()
        loss = F.mse_loss(model(chunk[:, :W]), chunk[:, W])
        loss.backward()
        optimiser.step()
    model.eval()
    val_loss = F.mse_loss(model(val_w[:, :W]), val_w[:, W])  # coach: no-grad-missing; fix: torch.no_grad()
    print(f"epoch {epoch} train {loss.item():.4f} val {val_loss.item():.4f}")
