# %%
import gradbook as torch
from gradbook import nn
from gradbook.utils.data import Dataset, DataLoader

# %%
class Flowers(Dataset):
    """Four species, the measurements of each field trip appended one after the other."""

    means = torch.tensor([[5.0, 3.4, 1.5, 0.3], [5.9, 2.8, 4.3, 1.3], [6.6, 3.0, 5.6, 2.0], [5.2, 2.3, 3.2, 1.0]])

    def __init__(self, per_species, seed):
        g = torch.Generator().manual_seed(seed)
        rows, names = [], []
        for k, mean in enumerate(self.means):
            rows.append(mean + 0.35 * torch.randn(per_species, 4, generator=g))
            names += [k] * per_species
        self.x = (torch.cat(rows) - self.means.mean(0)) / self.means.std(0)
        self.y = torch.tensor(names)

    def __len__(self):
        return len(self.y)

    def __getitem__(self, i):
        return self.x[i], self.y[i]

# %%
torch.manual_seed(0)
train_loader = DataLoader(Flowers(80, seed=1), batch_size=16)  # coach: not-shuffled; fix: shuffle=True
test_loader = DataLoader(Flowers(30, seed=2), batch_size=60)

net = nn.Sequential(nn.Linear(4, 20), nn.Tanh(), nn.Linear(20, 4))
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
ce = nn.CrossEntropyLoss()

# %%
for epoch in range(8):
    net.train()
    for x, y in train_loader:
        optimizer.zero_grad()
        loss = ce(net(x), y)
        loss.backward()
        optimizer.step()
    net.eval()
    good = 0
    with torch.no_grad():
        for x, y in test_loader:
            good += (net(x).argmax(1) == y).sum().item()
    print(f"epoch {epoch}: test accuracy {good / 120:.3f}")
