import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(5)

hparams = dict(width=64, batch=32, epochs=8, momentum=0.9)

X = torch.randn(800, 10)
demand = X[:, 0] * X[:, 1] + torch.sin(2 * X[:, 2]) + 0.5 * X[:, 3]
y = (demand - demand.mean()) / demand.std()
train = DataLoader(TensorDataset(X[:640], y[:640]), batch_size=hparams["batch"], shuffle=True)
Xv, yv = X[640:], y[640:]

net = nn.Sequential(
    nn.Linear(10, hparams["width"]), nn.Tanh(),
    nn.Linear(hparams["width"], hparams["width"]), nn.Tanh(),
    nn.Linear(hparams["width"], 1),
)
sgd = torch.optim.SGD(net.parameters(), lr=0.1, momentum=hparams["momentum"])  # coach: learning-rate-too-high; fix: lr=
mse = nn.MSELoss()


def validate():
    net.eval()
    with torch.no_grad():
        v = mse(net(Xv).squeeze(1), yv).item()
    net.train()
    return v


for ep in range(hparams["epochs"]):
    hist = []  # coach-also: update-ratio-high
    for xb, yb in train:
        sgd.zero_grad()
        out = mse(net(xb).squeeze(1), yb)
        out.backward()  # coach-also: loss-diverged
        sgd.step()
        hist.append(out.item())
    print(f"{ep:02d} train={sum(hist) / len(hist):.3f} val={validate():.3f}")
