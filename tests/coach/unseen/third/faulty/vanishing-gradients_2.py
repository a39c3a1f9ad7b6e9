import gradbook as torch
from gradbook import nn
from gradbook.utils.data import TensorDataset, DataLoader

torch.manual_seed(64)

# energy demand: predict the class of tomorrow (low, normal, high) from 24 hourly features
hours = torch.randn(480, 24)
demand = hours[:, 6:10].sum(1) - hours[:, 16:20].sum(1) + 0.3 * torch.randn(480)
level = torch.bucketize(demand, torch.quantile(demand, torch.tensor([1 / 3, 2 / 3])))


def tower(width_in, width, depth, n_classes):
    layers = []
    for _ in range(depth):
        layers += [nn.Linear(width_in, width), nn.Sigmoid()]  # coach: vanishing-gradients; fix: ReLU
        width_in = width
    layers.append(nn.Linear(width_in, n_classes))
    return nn.Sequential(*layers)


train_ds = TensorDataset(hours[:400], level[:400])
val_ds = TensorDataset(hours[400:], level[400:])
net = tower(24, 32, depth=7, n_classes=3)
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.Adam(net.parameters(), lr=2e-3)

history = []  # coach-also: loss-plateau
for epoch in range(12):
    net.train()
    running = 0.0
    for x, y in DataLoader(train_ds, batch_size=40, shuffle=True):
        optimizer.zero_grad()
        loss = criterion(net(x), y)
        loss.backward()
        optimizer.step()
        running += loss.item() * len(x)
    net.eval()
    with torch.no_grad():
        x, y = val_ds.tensors
        scores = net(x)
        acc = (scores.argmax(1) == y).float().mean().item()
    history.append((running / len(train_ds), criterion(scores, y).item(), acc))  # coach-also: constant-predictions
    print("epoch {:2d}  train {:.4f}  val {:.4f}  acc {:.3f}".format(epoch, *history[-1]))
