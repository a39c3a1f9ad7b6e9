import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset


def get_loaders(n):
    ds = TensorDataset(torch.randn(n, 6), torch.randint(0, 2, (n,)))
    train = DataLoader(ds, batch_size=32, shuffle=True)  # coach: batchnorm-batch-of-one; fix: shuffle=True, drop_last=True)
    return train, DataLoader(ds, batch_size=64)


train_dl, val_dl = get_loaders(65)
model = nn.Sequential(nn.Linear(6, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 2))
opt = torch.optim.SGD(model.parameters(), lr=0.1)
for xb, yb in train_dl:
    loss = nn.functional.cross_entropy(model(xb), yb)
    opt.zero_grad()
    loss.backward()
    opt.step()
