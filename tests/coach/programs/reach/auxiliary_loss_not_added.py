"""Two heads with a loss each; only one of them goes backward."""

import gradbook as torch
from gradbook import nn


class TwoHeads(nn.Module):
    def __init__(self):
        super().__init__()
        self.trunk = nn.Linear(10, 16)
        self.kind = nn.Linear(16, 3)
        self.size = nn.Linear(16, 1)

    def forward(self, x):
        h = torch.relu(self.trunk(x))
        return self.kind(h), self.size(h)


model = TwoHeads()
opt = torch.optim.Adam(model.parameters(), lr=1e-3)
x, kinds = torch.randn(50, 10), torch.randint(0, 3, (50,))
sizes = x.norm(dim=1, keepdim=True)
for epoch in range(6):
    kind, size = model(x)
    loss_kind = nn.functional.cross_entropy(kind, kinds)
    loss_size = nn.functional.mse_loss(size, sizes)
    loss = loss_kind  # coach: unused-parameters; fix: loss = loss_kind + loss_size
    opt.zero_grad()
    loss.backward()
    opt.step()
    if epoch % 3 == 0:
        print(loss_kind.item(), loss_size.item())
