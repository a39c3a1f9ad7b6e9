import gradbook as torch
from gradbook import nn


class LoRALinear(nn.Module):
    def __init__(self, base, rank=4, alpha=8):
        super().__init__()
        self.base = base
        for p in base.parameters():
            p.requires_grad_(False)
        self.A = nn.Parameter(torch.randn(rank, base.in_features) * 0.01)
        self.B = nn.Parameter(torch.zeros(base.out_features, rank))
        self.scale = alpha / rank

    def forward(self, x):
        return self.base(x) + (x @ self.A.T) @ self.B.T * self.scale


backbone = nn.Sequential(nn.Linear(16, 32), nn.ReLU(), nn.Linear(32, 32), nn.ReLU(), nn.Linear(32, 10))
for i in (0, 2):
    backbone[i] = LoRALinear(backbone[i])
trainable = [p for p in backbone.parameters() if p.requires_grad]
opt = torch.optim.AdamW(trainable, lr=1e-3)
x, y = torch.randn(32, 16), torch.randint(0, 10, (32,))
for step in range(6):
    loss = nn.functional.cross_entropy(backbone(x), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
