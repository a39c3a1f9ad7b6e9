import numpy as np
import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, Dataset

torch.manual_seed(4)
np.random.seed(4)


class LoanDataset(Dataset):
    """Six numeric columns per customer, label 1 = paid back."""

    def __init__(self, n):
        table = np.random.randn(n, 6)
        score = table[:, 0] * table[:, 1] + table[:, 2] - 0.5 * table[:, 4]
        self.x = table.astype(np.float32)
        self.y = (score > np.median(score)).astype(np.int64)

    def __len__(self):
        return len(self.y)

    def __getitem__(self, i):
        return self.x[i], self.y[i]


class LoanNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(6, 32), nn.Tanh(), nn.Linear(32, 16), nn.Tanh())  # coach-also: unused-parameters
        self.classifier = nn.Linear(16, 2)

    def forward(self, x):
        h = torch.tensor(self.encoder(x), dtype=torch.float32)  # coach: detached-graph; fix: h = self.encoder(x)
        return self.classifier(h)


def main():
    train_loader = DataLoader(LoanDataset(400), batch_size=25, shuffle=True)
    val_loader = DataLoader(LoanDataset(200), batch_size=100)
    net = LoanNet()
    loss_fn = nn.CrossEntropyLoss()
    opt = torch.optim.Adam(net.parameters(), lr=2e-3)
    for epoch in range(6):
        net.train()
        for xb, yb in train_loader:
            loss = loss_fn(net(xb), yb)
            opt.zero_grad()
            loss.backward()
            opt.step()
        net.eval()
        with torch.no_grad():
            right = sum((net(xb).argmax(1) == yb).sum().item() for xb, yb in val_loader)
        print("epoch", epoch, "last loss", round(loss.item(), 4), "val acc", right / 200)


if __name__ == "__main__":
    main()
