import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(11)
# bike rentals: temperature, humidity, wind -> count
n = 600
weather = torch.randn(n, 3)
count = 1.2 * weather[:, 0] - 0.8 * weather[:, 1] + 0.3 * weather[:, 2] + 0.1 * torch.randn(n)
count = (count - count.mean()) / count.std()
ds = TensorDataset(weather, count)
loader = DataLoader(ds, batch_size=50, shuffle=True)


class Regressor(nn.Module):
    def __init__(self, n_in, n_hidden):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(n_in, n_hidden), nn.ReLU())
        self.head = nn.Linear(n_hidden, 1)

    def forward(self, x):
        return self.head(self.body(x))


model = Regressor(3, 20)
criterion = nn.MSELoss()
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)

for epoch in range(6):
    total = 0.0
    for x, t in loader:
        optimizer.zero_grad()
        pred = model(x)
        loss = criterion(pred, t)  # coach: target-mismatch; fix: squeeze(
        loss.backward()
        optimizer.step()
        total += loss.item()
    print("epoch %d  mse %.4f" % (epoch, total / len(loader)))  # coach-also: silent-broadcast
