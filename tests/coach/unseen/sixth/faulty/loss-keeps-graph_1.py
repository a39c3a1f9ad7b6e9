# Week 6 - predicting the next value of a noisy sine
import math
import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(66)

series = torch.sin(torch.arange(500) * 2 * math.pi / 25) + 0.1 * torch.randn(500)
window = 12
inputs = torch.stack([series[i:i + window] for i in range(len(series) - window)]).unsqueeze(2)
nexts = series[window:].unsqueeze(1)
split = 400
train_loader = DataLoader(TensorDataset(inputs[:split], nexts[:split]), batch_size=40, shuffle=True)
test_loader = DataLoader(TensorDataset(inputs[split:], nexts[split:]), batch_size=44)


class Forecaster(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn = nn.RNN(1, 16, batch_first=True)
        self.readout = nn.Linear(16, 1)

    def forward(self, x):
        states, _ = self.rnn(x)
        return self.readout(states[:, -1])


def fit_epoch(model, loader, criterion, optimizer):
    model.train()
    epoch_loss, count = 0.0, 0
    for x, y in loader:
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        epoch_loss = epoch_loss + loss * x.size(0)  # coach: loss-keeps-graph; fix: loss.item()
        count += x.size(0)
    return epoch_loss / count


def test(model, loader, criterion):
    model.eval()
    with torch.no_grad():
        return sum(criterion(model(x), y).item() for x, y in loader) / len(loader)


model = Forecaster()
mse = nn.MSELoss()
adam = torch.optim.Adam(model.parameters(), lr=5e-3)
curve = []
for epoch in range(6):
    curve.append(fit_epoch(model, train_loader, mse, adam))
    print(f"{epoch}: train {curve[-1]:.4f} test {test(model, test_loader, mse):.4f}")
