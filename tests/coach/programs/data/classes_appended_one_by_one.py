import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
xs, ys = [], []
for k in range(3):
    xs.append(torch.randn(50, 2) * 0.5 + 2 * k)
    ys.append(torch.full((50,), k))
dataset = TensorDataset(torch.cat(xs), torch.cat(ys))


def get_loader(batch_size=25):
    return DataLoader(dataset, batch_size=batch_size)  # coach: not-shuffled; fix: shuffle=True


mlp = nn.Sequential(nn.Linear(2, 16), nn.ReLU(), nn.Linear(16, 3))
opt = torch.optim.SGD(mlp.parameters(), lr=0.1)
for epoch in range(4):
    for xb, yb in get_loader():
        opt.zero_grad()
        nn.functional.cross_entropy(mlp(xb), yb).backward()
        opt.step()
