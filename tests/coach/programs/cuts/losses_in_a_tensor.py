import gradbook as torch
import gradbook.nn.functional as F
from gradbook import nn

torch.manual_seed(1)
trunk = nn.Linear(6, 12)
head_a, head_b = nn.Linear(12, 1), nn.Linear(12, 4)
params = [*trunk.parameters(), *head_a.parameters(), *head_b.parameters()]
optimizer = torch.optim.AdamW(params, lr=3e-3)
x = torch.randn(30, 6)
ya, yb = x.mean(1, keepdim=True), torch.randint(0, 4, (30,))
for it in range(6):
    h = torch.relu(trunk(x))
    losses = [F.mse_loss(head_a(h), ya), F.cross_entropy(head_b(h), yb)]
    total = torch.tensor(losses, requires_grad=True).sum()  # coach: detached-graph; fix: total = torch.stack(losses).sum()
    optimizer.zero_grad()
    total.backward()
    optimizer.step()
