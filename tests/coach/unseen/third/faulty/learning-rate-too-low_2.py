import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

cfg = dict(
    seed=1,
    epochs=15,
    batch_size=40,
    lr=2e-5,  # coach: learning-rate-too-low; fix: lr=
    momentum=0.9,
    hidden=40,
)
torch.manual_seed(cfg["seed"])


def make_data(n=600, d=10, classes=4):
    teacher = torch.randn(classes, d)
    x = torch.randn(n, d)
    return x, (x @ teacher.T).argmax(dim=1)


x, y = make_data()
train_loader = DataLoader(TensorDataset(x[:480], y[:480]), batch_size=cfg["batch_size"], shuffle=True)
val_loader = DataLoader(TensorDataset(x[480:], y[480:]), batch_size=120)

net = nn.Sequential(nn.Linear(10, cfg["hidden"]), nn.ReLU(), nn.Linear(cfg["hidden"], 4))
loss_fn = nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(net.parameters(), lr=cfg["lr"], momentum=cfg["momentum"])  # coach-line: learning-rate-too-low


def epoch_pass(loader, train):
    net.train(train)
    total, count = 0.0, 0
    with torch.set_grad_enabled(train):
        for xb, yb in loader:
            loss = loss_fn(net(xb), yb)
            if train:
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()  # coach-also: update-ratio-low
            total += loss.item() * len(xb)
            count += len(xb)
    return total / count


for epoch in range(cfg["epochs"]):
    train_loss = epoch_pass(train_loader, train=True)  # coach-also: loss-plateau
    val_loss = epoch_pass(val_loader, train=False)
    print(f"[{epoch + 1:02d}] train {train_loss:.4f} val {val_loss:.4f}")
