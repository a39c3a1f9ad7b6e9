import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, Subset, TensorDataset

torch.manual_seed(3)


class Model(nn.Module):
    def __init__(self, n_in, n_out):
        super().__init__()
        self.a = nn.Linear(n_in, 20)
        self.b = nn.Linear(20, n_out)

    def forward(self, x):
        return F.log_softmax(self.b(torch.tanh(self.a(x))), dim=-1)


def kfold(n, k):
    folds = torch.randperm(n).chunk(k)
    for i in range(k):
        rest = torch.cat([f for j, f in enumerate(folds) if j != i])
        yield rest.tolist(), folds[i].tolist()


means = 1.3 * torch.randn(3, 7)
target = torch.randint(0, 3, (450,))
data = TensorDataset(means[target] + torch.randn(450, 7), target)

results = []
for fold, (train_idx, val_idx) in enumerate(kfold(len(data), 3)):
    x_fit = data.tensors[0][train_idx]
    centre, scale = x_fit.mean(0), x_fit.std(0)
    model = Model(7, 3)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    train_loader = DataLoader(Subset(data, train_idx), batch_size=30, shuffle=True)
    val_loader = DataLoader(Subset(data, val_idx), batch_size=150)
    for epoch in range(6):
        model.train()
        for x, y in train_loader:
            optimizer.zero_grad()
            loss = F.nll_loss(model((x - centre) / scale), y)
            loss.backward()
            optimizer.step()
    model.eval()
    with torch.no_grad():
        for x, y in val_loader:
            logp = model((x - centre) / scale)
            nll = F.nll_loss(logp, y).item()
            acc = (logp.exp().argmax(1) == y).float().mean().item()
    results.append(acc)
    print(f"fold {fold}: val nll {nll:.3f} acc {acc:.3f}")

r = torch.tensor(results)
print(f"accuracy {r.mean().item():.3f} +- {r.std().item():.3f}")
