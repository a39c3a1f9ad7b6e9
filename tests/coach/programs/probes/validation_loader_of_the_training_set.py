import gradbook as torch
import gradbook.nn as nn
from gradbook.utils.data import DataLoader, TensorDataset

features, labels = torch.randn(200, 6), torch.randint(0, 2, (200,))
train_set = TensorDataset(features[:150], labels[:150])
val_set = TensorDataset(features[150:], labels[150:])
train_loader = DataLoader(train_set, batch_size=30, shuffle=True)
val_loader = DataLoader(train_set, batch_size=50)  # coach: leak-suspected; fix: val_set


def evaluate(model, loader):
    model.eval()
    right = 0
    with torch.no_grad():
        for a, b in loader:
            right += (model(a).argmax(1) == b).sum().item()
    return right / len(loader.dataset)


net = nn.Sequential(nn.Linear(6, 20), nn.ReLU(), nn.Linear(20, 2))
sgd = torch.optim.SGD(net.parameters(), lr=0.1)
for epoch in range(3):
    net.train()
    for a, b in train_loader:
        sgd.zero_grad()
        nn.functional.cross_entropy(net(a), b).backward()
        sgd.step()
    val_acc = evaluate(net, val_loader)
    print(epoch, val_acc)
