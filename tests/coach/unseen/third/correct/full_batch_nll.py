# Exercise 1: softmax regression and an MLP by plain (full batch) gradient descent
import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F

torch.manual_seed(115)


class MLP(nn.Module):
    def __init__(self, sizes):
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(a, b) for a, b in zip(sizes[:-1], sizes[1:]))

    def forward(self, x):
        for layer in self.layers[:-1]:
            x = F.relu(layer(x))
        return F.log_softmax(self.layers[-1](x), dim=1)


species = torch.randn(3, 4) * 1.3
y = torch.randint(0, 3, (300,))
x = species[y] + torch.randn(300, 4)
x_train, y_train, x_val, y_val = x[:200], y[:200], x[200:], y[200:]
mu, sigma = x_train.mean(0), x_train.std(0)
x_train, x_val = (x_train - mu) / sigma, (x_val - mu) / sigma


def descend(model, steps, lr):
    optimizer = torch.optim.SGD(model.parameters(), lr=lr, momentum=0.9)
    criterion = nn.NLLLoss()
    train_curve, val_curve = [], []
    for step in range(steps):
        model.train()
        optimizer.zero_grad()
        loss = criterion(model(x_train), y_train)
        loss.backward()
        optimizer.step()
        train_curve.append(loss.item())
        model.eval()
        with torch.no_grad():
            val_curve.append(criterion(model(x_val), y_val).item())
    return train_curve, val_curve


for sizes in ([4, 3], [4, 16, 3]):
    model = MLP(sizes)
    train_curve, val_curve = descend(model, steps=60, lr=0.05)
    with torch.no_grad():
        acc = (model(x_val).argmax(1) == y_val).float().mean().item()
    print(sizes, f"train {train_curve[-1]:.3f}  val {val_curve[-1]:.3f}  acc {acc:.3f}")
