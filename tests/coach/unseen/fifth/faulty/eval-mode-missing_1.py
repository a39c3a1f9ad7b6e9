import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset, Dataset

torch.manual_seed(42)


class Churn(Dataset):
    def __init__(self, n):
        self.x = torch.randn(n, 10)
        s = self.x[:, 0] - self.x[:, 3] + self.x[:, 5] * self.x[:, 6]
        self.y = (s > 0).long()

    def __len__(self):
        return len(self.x)

    def __getitem__(self, i):
        return self.x[i], self.y[i]


train_loader = DataLoader(Churn(640), batch_size=64, shuffle=True)
valid_loader = DataLoader(Churn(256), batch_size=64)

net = nn.Sequential(
    nn.Linear(10, 64), nn.ReLU(), nn.Dropout(0.4),
    nn.Linear(64, 32), nn.ReLU(), nn.Dropout(0.4),
    nn.Linear(32, 2))
optim = torch.optim.Adam(net.parameters(), lr=3e-3)
ce = nn.CrossEntropyLoss()

for ep in range(6):
    net.train()
    for x, y in train_loader:
        optim.zero_grad()
        loss = ce(net(x), y)
        loss.backward()
        optim.step()

    correct = total = 0
    with torch.no_grad():  # coach: eval-mode-missing; fix: net.eval()
        for x, y in valid_loader:
            pred = net(x).argmax(dim=1)  # coach-line: eval-mode-missing
            correct += (pred == y).sum().item()
            total += y.size(0)
    print(f"epoch {ep + 1}: train loss {loss.item():.3f}  val acc {correct / total:.3f}")
