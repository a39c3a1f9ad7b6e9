import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F


class TwoHeads(nn.Module):
    def __init__(self):
        super().__init__()
        self.shared = nn.Linear(5, 10)
        self.heads = nn.ModuleDict({"a": nn.Linear(10, 2), "b": nn.Linear(10, 1)})

    def forward(self, x, task):
        return self.heads[task](torch.relu(self.shared(x)))


net = TwoHeads()
optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)
x, ya, yb = torch.randn(20, 5), torch.randint(0, 2, (20,)), torch.randn(20, 1)
for step in range(12):
    task = "a" if step < 6 else "b"
    loss = F.cross_entropy(net(x, task), ya) if task == "a" else F.mse_loss(net(x, task), yb)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
