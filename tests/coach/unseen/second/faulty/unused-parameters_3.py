import gradbook as torch
import gradbook.nn as nn
from gradbook.nn.functional import cross_entropy, mse_loss


class MultiHead(nn.Module):
    def __init__(self, d, tasks):
        super().__init__()
        self.trunk = nn.Sequential(nn.Linear(d, 24), nn.ReLU())
        self.heads = {name: nn.Linear(24, n) for name, n in tasks.items()}  # coach: unused-parameters; fix: nn.ModuleDict(

    def forward(self, x):
        h = self.trunk(x)
        return {name: head(h) for name, head in self.heads.items()}


torch.manual_seed(47)
x = torch.randn(200, 7)
labels = {"colour": x[:, :3].argmax(1), "size": x[:, 3:4] * 0.8}
model = MultiHead(7, {"colour": 3, "size": 1})
opt = torch.optim.AdamW(model.parameters(), lr=5e-3)

for step in range(40):
    idx = torch.randint(0, 200, (40,))
    out = model(x[idx])
    loss = cross_entropy(out["colour"], labels["colour"][idx]) + mse_loss(out["size"], labels["size"][idx])
    opt.zero_grad()
    loss.backward()
    opt.step()
    if step % 8 == 0:
        print(step, loss.item())
# coach-also: stale-optimizer, missing-zero-grad
