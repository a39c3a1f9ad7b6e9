import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

config = {
    "model": {"in": 10, "hidden": 32, "classes": 3},
    "train": {"batch_size": 32, "epochs": 3, "lr": 2e-3},
}


def build(c):
    return nn.Sequential(
        nn.Linear(c["in"], c["hidden"], bias=False),
        nn.BatchNorm1d(c["hidden"]),
        nn.ReLU(),
        nn.Linear(c["hidden"], c["classes"]),
    )


torch.manual_seed(4)
X = torch.randn(289, 10)
y = (X[:, 0] > 0).long() + (X[:, 1] > 0).long()
loader = DataLoader(TensorDataset(X, y), batch_size=config["train"]["batch_size"], shuffle=True)  # coach: batchnorm-batch-of-one; fix: drop_last=True
model = build(config["model"])
optimizer = torch.optim.Adam(model.parameters(), lr=config["train"]["lr"])
loss_fn = nn.CrossEntropyLoss()

model.train()
for epoch in range(config["train"]["epochs"]):
    seen = 0
    running = 0.0
    for xb, yb in loader:
        optimizer.zero_grad()
        loss = loss_fn(model(xb), yb)
        loss.backward()
        optimizer.step()
        running += loss.item() * len(xb)
        seen += len(xb)
    print("epoch", epoch, "loss", running / seen)
