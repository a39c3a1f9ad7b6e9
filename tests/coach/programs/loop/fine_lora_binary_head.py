import gradbook as torch
from gradbook import nn


class Adapted(nn.Module):
    def __init__(self, linear, rank=4, alpha=4):
        super().__init__()
        self.linear = linear
        linear.requires_grad_(False)
        self.down = nn.Linear(linear.in_features, rank, bias=False)
        self.up = nn.Linear(rank, linear.out_features, bias=False)
        nn.init.zeros_(self.up.weight)
        self.scale = alpha / rank

    def forward(self, x):
        return self.linear(x) + self.scale * self.up(self.down(x))


head = Adapted(nn.Linear(12, 2))
x = torch.randn(40, 12)
y = (x[:, 3] > 0).long()
opt = torch.optim.AdamW([p for p in head.parameters() if p.requires_grad], lr=1e-2)
for _ in range(8):
    opt.zero_grad()
    loss = nn.functional.cross_entropy(head(x), y)
    loss.backward()
    opt.step()
