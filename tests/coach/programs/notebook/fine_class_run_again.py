# %% [1]
import gradbook as torch
from gradbook import nn

torch.manual_seed(0)
x, y = torch.randn(50, 3), torch.randint(0, 2, (50,))


# %% [2]
class Net(nn.Module):
    def __init__(self, hidden=16):
        super().__init__()
        self.a = nn.Linear(3, hidden)
        self.b = nn.Linear(hidden, 2)

    def forward(self, x):
        return self.b(torch.relu(self.a(x)))


# %% [3]
model = Net()
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
# %% [4]
for epoch in range(8):
    optimizer.zero_grad()
    loss = nn.functional.cross_entropy(model(x), y)
    loss.backward()
    optimizer.step()


# %% [2] rerun
class Net(nn.Module):
    """Two layers."""

    def __init__(self, hidden=16):
        super().__init__()
        self.a = nn.Linear(3, hidden)
        self.b = nn.Linear(hidden, 2)

    def forward(self, x):
        """Scores of two classes."""
        h = torch.relu(self.a(x))
        return self.b(h)

    def parameters_in_all(self):
        return sum(p.numel() for p in self.parameters())


# %% [3] rerun
# %% [4] rerun
# %% [2] rerun
# %% [4] rerun
