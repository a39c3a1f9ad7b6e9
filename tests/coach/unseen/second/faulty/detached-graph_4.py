import gradbook as torch
from gradbook import nn
from gradbook.nn import functional as F

torch.manual_seed(77)


class MultiTask(nn.Module):
    def __init__(self):
        super().__init__()
        self.shared = nn.Sequential(nn.Linear(6, 24), nn.ReLU())
        self.cls_head = nn.Linear(24, 3)
        self.reg_head = nn.Linear(24, 1)

    def forward(self, x):
        h = self.shared(x)
        return self.cls_head(h), self.reg_head(h)


def compute_losses(model, x, c, r):
    logits, value = model(x)
    return {"cls": F.cross_entropy(logits, c), "reg": F.mse_loss(value, r)}


weights = {"cls": 1.0, "reg": 0.5}
model = MultiTask()
optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)

x = torch.randn(160, 6)
c = x[:, :3].argmax(dim=1)
r = x[:, 3:4] - x[:, 4:5]
for epoch in range(25):
    idx = torch.randperm(160)[:80]
    losses = compute_losses(model, x[idx], c[idx], r[idx])
    total = torch.tensor(sum(weights[k] * v.item() for k, v in losses.items()), requires_grad=True)  # coach: detached-graph
    optimizer.zero_grad()
    total.backward()
    optimizer.step()
    if epoch % 5 == 0:
        print(epoch, {k: round(v.item(), 3) for k, v in losses.items()})
# coach-also: loss-plateau, stale-optimizer, unused-parameters, optimizer-call-order, update-ratio-low
