import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

config = {"n": 800, "d": 10, "hidden": 32, "lr": 2e-3, "epochs": 5, "batch": 40}


def build_data(c):
    x = torch.randn(c["n"], c["d"])  # coach-line: unseeded
    y = (x[:, 0] + 0.5 * x[:, 1] - x[:, 2] > 0).long()
    return x, y


def build_model(c):
    return nn.Sequential(nn.Linear(c["d"], c["hidden"]), nn.ReLU(), nn.Linear(c["hidden"], 2))


def train(c):
    x, y = build_data(c)  # coach: unseeded; fix: manual_seed(
    loader = DataLoader(TensorDataset(x, y), batch_size=c["batch"], shuffle=True)  # coach-line: unseeded
    model = build_model(c)  # coach-line: unseeded
    opt = torch.optim.Adam(model.parameters(), lr=c["lr"])
    crit = nn.CrossEntropyLoss()
    for epoch in range(c["epochs"]):
        losses = []
        for xb, yb in loader:
            opt.zero_grad()
            loss = crit(model(xb), yb)
            loss.backward()
            opt.step()
            losses.append(loss.item())
    return sum(losses) / len(losses)


print("final loss", train(config))
