import gradbook as torch
import gradbook.nn as nn


class MultiTask(torch.nn.Module):
    def __init__(self, tasks):
        super().__init__()
        self.trunk = nn.Sequential(nn.Linear(5, 10), nn.ReLU())
        self.heads = {name: nn.Linear(10, n) for name, n in tasks.items()}  # coach: unused-parameters; fix: nn.ModuleDict(

    def forward(self, x):
        h = self.trunk(x)
        return {name: head(h) for name, head in self.heads.items()}


net = MultiTask({"age": 1, "kind": 3})
optimizer = torch.optim.AdamW(net.parameters(), lr=1e-2)
x = torch.randn(24, 5)
age, kind = torch.rand(24, 1), torch.randint(0, 3, (24,))
for it in range(5):
    out = net(x)
    loss = nn.functional.mse_loss(out["age"], age) + nn.functional.cross_entropy(out["kind"], kind)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
