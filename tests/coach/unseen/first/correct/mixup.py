import gradbook as torch
from gradbook import nn
from gradbook.distributions import Beta
from gradbook.utils.data import TensorDataset, DataLoader

torch.manual_seed(17)


def mixup_data(x, y, alpha=0.4):
    lam = Beta(alpha, alpha).sample().item()
    index = torch.randperm(x.size(0))
    return lam * x + (1 - lam) * x[index], y, y[index], lam


def mixup_criterion(criterion, pred, y_a, y_b, lam):
    return lam * criterion(pred, y_a) + (1 - lam) * criterion(pred, y_b)


targets = torch.randint(0, 3, (180,))
inputs = torch.randn(180, 1, 8, 8) * 0.5
for c in range(3):
    inputs[targets == c, 0, 2 * c:2 * c + 3, :] += 1.0

net = nn.Sequential(nn.Conv2d(1, 6, 3), nn.ReLU(), nn.Flatten(), nn.Linear(6 * 36, 3))
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9, weight_decay=1e-4)
trainloader = DataLoader(TensorDataset(inputs, targets), batch_size=30, shuffle=True)

for epoch in range(5):
    net.train()
    train_loss, correct, total = 0, 0, 0
    for batch_idx, (x, y) in enumerate(trainloader):
        x, ya, yb, lam = mixup_data(x, y)
        outputs = net(x)
        loss = mixup_criterion(criterion, outputs, ya, yb, lam)
        train_loss += loss.item()
        predicted = outputs.argmax(1)
        total += y.size(0)
        correct += (lam * predicted.eq(ya).sum().item() + (1 - lam) * predicted.eq(yb).sum().item())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    print("Epoch %d Loss: %.3f | Acc: %.1f%%" % (epoch, train_loss / (batch_idx + 1), 100.0 * correct / total))
