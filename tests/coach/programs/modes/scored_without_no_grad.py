import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F


class MLP(nn.Module):
    def __init__(self, sizes):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(a, b) for a, b in zip(sizes, sizes[1:])])

    def forward(self, x):
        for layer in self.layers[:-1]:
            x = F.relu(layer(x))
        return self.layers[-1](x)


def test(model, x, y, batch_size=16):
    model.eval()
    correct = 0
    for i in range(0, len(x), batch_size):
        scores = model(x[i : i + batch_size])  # coach: no-grad-missing; fix: with torch.no_grad():
        correct += (scores.argmax(dim=1) == y[i : i + batch_size]).sum().item()
    model.train()
    return correct / len(x)


model = MLP([7, 14, 14, 3])
optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
x, y = torch.randn(64, 7), torch.randint(0, 3, (64,))
for epoch in range(3):
    perm = torch.randperm(48)
    for idx in perm.split(12):
        loss = F.cross_entropy(model(x[idx]), y[idx])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    print("epoch", epoch, "test accuracy", test(model, x[48:], y[48:]))
