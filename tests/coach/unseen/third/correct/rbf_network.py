"""Radial basis function network: distances of every sample to every centre."""
import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(105)


class RBFNet(nn.Module):
    def __init__(self, n_in, n_centres):
        super().__init__()
        self.centres = nn.Parameter(torch.randn(n_centres, n_in))
        self.log_width = nn.Parameter(0.1 * torch.randn(n_centres))
        self.out = nn.Linear(n_centres, 1)

    def forward(self, x):
        gap = x.unsqueeze(1) - self.centres.unsqueeze(0)
        dist2 = gap.pow(2).sum(dim=-1)
        phi = torch.exp(-dist2 / (2 * torch.exp(self.log_width) ** 2))
        return self.out(phi)


x = torch.randn(500, 2)
y = torch.exp(-((x - 0.5) ** 2).sum(1, keepdim=True)) - torch.exp(-((x + 0.7) ** 2).sum(1, keepdim=True))
y = (y - y.mean()) / y.std() + 0.05 * torch.randn(500, 1)
train_loader = DataLoader(TensorDataset(x[:400], y[:400]), batch_size=40, shuffle=True)
x_test, y_test = x[400:], y[400:]

model = RBFNet(2, 20)
criterion = nn.MSELoss()
optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)

for epoch in range(15):
    model.train()
    epoch_loss = 0.0
    for xb, yb in train_loader:
        optimizer.zero_grad()
        loss = criterion(model(xb), yb)
        loss.backward()
        optimizer.step()
        epoch_loss += loss.item()
    if epoch % 3 == 2:
        model.eval()
        with torch.no_grad():
            test_loss = criterion(model(x_test), y_test).item()
        print(f"epoch {epoch + 1:2d}  train {epoch_loss / len(train_loader):.4f}  test {test_loss:.4f}")
