# %% [1]
import gradbook as torch
from gradbook import nn

torch.manual_seed(0)
x, y = torch.randn(50, 3), torch.randint(0, 2, (50,))


# %% [2]
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Linear(3, 16)
        self.b = nn.Linear(16, 2)

    def forward(self, x):
        return self.b(torch.relu(self.a(x)))


# %% [3]
model = Net()  # coach: stale-object; fix: model = Net()
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)


# %% [4]
def run(epochs=8):
    for epoch in range(epochs):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
    return loss.item()


# %% [5]
run()


# %% [2] rerun
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Linear(3, 16)
        self.b = nn.Linear(16, 2)

    def forward(self, x):
        return self.b(torch.tanh(self.a(x)))


# %% [5] rerun
