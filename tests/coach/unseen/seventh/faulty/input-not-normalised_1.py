# Weather station: temperature tomorrow from today's readings
import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(2)
days = 600
pressure = 1013 + 8 * torch.randn(days)          # hPa
humidity = 30 + 60 * torch.rand(days)            # %
wind = 15 * torch.rand(days)                     # km/h
temp = 12 + 6 * torch.randn(days)                # C
tomorrow = 0.7 * temp + 0.25 * (pressure - 1013) - 0.05 * (humidity - 60) + 3.6 + torch.randn(days)

features = torch.stack([pressure, humidity, wind, temp], dim=1)  # coach: input-not-normalised; fix: .std(
target = ((tomorrow - tomorrow[:480].mean()) / tomorrow[:480].std()).unsqueeze(1)

train_ds = TensorDataset(features[:480], target[:480])  # coach-line: input-not-normalised
val_x, val_y = features[480:], target[480:]
train_dl = DataLoader(train_ds, batch_size=32, shuffle=True)


class TempNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.l1 = nn.Linear(4, 24)
        self.l2 = nn.Linear(24, 1)

    def forward(self, x):
        return self.l2(torch.relu(self.l1(x)))


model = TempNet()
opt = torch.optim.Adam(model.parameters(), lr=0.002)
mse = nn.MSELoss()  # coach-also: suspicious-initial-loss
for epoch in range(12):
    model.train()
    s = 0.0
    for x, t in train_dl:
        opt.zero_grad()
        loss = mse(model(x), t)  # coach-line: input-not-normalised
        loss.backward()
        opt.step()
        s += loss.item()
    model.eval()
    with torch.no_grad():
        v = mse(model(val_x), val_y).item()
    print(f"epoch {epoch:2d}  train {s / len(train_dl):9.3f}  val {v:9.3f}")
