import gradbook as torch
import gradbook.nn as nn


class Regressor(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(4, 4)
        self.fc2 = nn.Linear(4, 8)
        self.fc3 = nn.Linear(8, 1)

    def forward(self, x):
        h = torch.relu(self.fc1(x))
        h = torch.relu(self.fc2(x))  # coach: unused-parameters; fix: self.fc2(h)
        return self.fc3(h)


def train(model, x, y, lr=0.05, steps=8):
    optimizer = torch.optim.SGD(model.parameters(), lr=lr)
    for _ in range(steps):
        loss = (model(x) - y).abs().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return loss.item()


x = torch.randn(30, 4)
print(train(Regressor(), x, x.sum(1, keepdim=True)))
