import gradbook as torch
import gradbook.nn as nn
from gradbook.utils.data import DataLoader, TensorDataset


class Bag(nn.Module):
    def __init__(self):
        super().__init__()
        self.emb = nn.Embedding(50, 32)
        self.mlp = nn.Sequential(nn.Linear(32, 64), nn.ReLU(), nn.Linear(64, 2))

    def forward(self, t):
        return self.mlp(self.emb(t).mean(1))


def run(model, loader, opt=None):
    total = 0.0
    for t, y in loader:
        loss = nn.functional.cross_entropy(model(t), y)
        if opt is not None:
            opt.zero_grad()
            loss.backward()
            opt.step()
        total += loss.item()
    return total / len(loader)


torch.manual_seed(0)
train = DataLoader(TensorDataset(torch.randint(0, 50, (30, 6)), torch.randint(0, 2, (30,))), batch_size=10, shuffle=True)
valid = DataLoader(TensorDataset(torch.randint(0, 50, (60, 6)), torch.randint(0, 2, (60,))), batch_size=30)
model = Bag()
opt = torch.optim.Adam(model.parameters(), lr=0.01)
curve = []
for epoch in range(1, 31):  # coach: overfitting; fix: break
    model.train()
    tr = run(model, train, opt)
    model.eval()
    with torch.no_grad():
        va = run(model, valid)
    curve.append((tr, va))
