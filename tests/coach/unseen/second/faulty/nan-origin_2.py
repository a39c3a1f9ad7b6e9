import gradbook as torch
import gradbook.nn as nn

torch.manual_seed(7)
raw = torch.randn(150, 5) * torch.tensor([1.0, 10.0, 0.1, 3.0, 1.0]) + 2.0
raw[:, 4] = 1.0
target = raw[:, :1] - 0.2 * raw[:, 1:2]


class Standardizer:
    def fit(self, x):
        self.mean = x.mean(dim=0)
        self.std = x.std(dim=0)
        return self

    def transform(self, x):
        return (x - self.mean) / self.std  # coach: nan-origin


scaler = Standardizer().fit(raw)
features = scaler.transform(raw)
model = nn.Sequential(nn.Linear(5, 16), nn.ReLU(), nn.Linear(16, 1))
optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
loss_fn = nn.MSELoss()

for epoch in range(12):
    pred = model(features)
    loss = loss_fn(pred, target)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if epoch % 3 == 0:
        print("epoch", epoch, "loss", loss.item())
# coach-also: loss-diverged, input-not-normalised
