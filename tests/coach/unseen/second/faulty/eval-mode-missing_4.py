# House price baseline
import gradbook as torch
import gradbook.nn as nn
from gradbook.utils.data import DataLoader, TensorDataset, random_split

torch.manual_seed(2023)
params = {'bs': 30, 'epochs': 5, 'lr': 5e-3, 'p': 0.25, 'hidden': 32}

feats = torch.randn(360, 7)
price = 0.8 * feats[:, :1] - 0.4 * feats[:, 2:3] + 0.3 * feats[:, 4:5] ** 2
price = (price - price.mean()) / price.std()
train_ds, valid_ds = random_split(TensorDataset(feats, price), [300, 60])
train_dl = DataLoader(train_ds, batch_size=params['bs'], shuffle=True)
valid_dl = DataLoader(valid_ds, batch_size=60)

net = nn.Sequential(
    nn.Linear(7, params['hidden'], bias=False), nn.BatchNorm1d(params['hidden']), nn.ReLU(),
    nn.Dropout(params['p']), nn.Linear(params['hidden'], 1))
opt = torch.optim.Adam(net.parameters(), lr=params['lr'])
mse = nn.MSELoss()


def run_epoch(dl, training):
    losses = []
    with torch.set_grad_enabled(training):
        for x, t in dl:
            p = net(x)
            l = mse(p, t)
            if training:
                opt.zero_grad()
                l.backward()
                opt.step()
            losses.append(l.item())
    return (sum(losses) / len(losses)) ** 0.5


for e in range(params['epochs']):
    net.train()
    tr_rmse = run_epoch(train_dl, True)
    va_rmse = run_epoch(valid_dl, False)  # coach: eval-mode-missing; fix: net.eval()
    print(f"{e:02d} | train rmse {tr_rmse:.4f} | valid rmse {va_rmse:.4f}")
