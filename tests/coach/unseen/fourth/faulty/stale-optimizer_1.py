# take the network trained on 6 coarse classes, adapt it to the 4 fine ones
import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(7)


def make_split(centres, n, noise=0.7):
    y = torch.randint(0, len(centres), (n,))
    return TensorDataset(centres[y] + noise * torch.randn(n, centres.shape[1]), y)


class TabNet(nn.Module):
    def __init__(self, n_in, n_out):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(n_in, 48), nn.ReLU(), nn.Linear(48, 32), nn.ReLU())
        self.head = nn.Linear(32, n_out)

    def forward(self, x):
        return self.head(self.body(x))


def fit(model, opt, dl, epochs):
    model.train()
    for ep in range(epochs):
        tot = 0.0
        for x, y in dl:
            opt.zero_grad()
            loss = F.cross_entropy(model(x), y)
            loss.backward()
            opt.step()
            tot += loss.item()
        print(f"  epoch {ep} loss {tot / len(dl):.3f}")


def accuracy(model, ds):
    model.eval()
    x, y = ds.tensors
    with torch.no_grad():
        return (model(x).argmax(1) == y).float().mean().item()


coarse, fine = torch.randn(6, 10), torch.randn(4, 10)
model = TabNet(10, 6)
optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3)  # coach-line: stale-optimizer
print("coarse")
fit(model, optimizer, DataLoader(make_split(coarse, 480), batch_size=32, shuffle=True), 4)

print("fine")
model.head = nn.Linear(32, 4)  # coach: stale-optimizer; fix: AdamW(model.parameters()
fine_train, fine_test = make_split(fine, 320), make_split(fine, 128)
fit(model, optimizer, DataLoader(fine_train, batch_size=32, shuffle=True), 5)  # coach-line: stale-optimizer
print("accuracy", accuracy(model, fine_test))
