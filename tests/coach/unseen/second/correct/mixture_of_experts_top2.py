"""Sparse mixture of experts with top-2 routing and a load-balancing loss; idle experts get no gradient."""
import gradbook as torch
import gradbook.nn.functional as F
from gradbook import nn

torch.manual_seed(0)


class MoE(nn.Module):
    def __init__(self, d=8, experts=4, k=2):
        super().__init__()
        self.gate = nn.Linear(d, experts)
        self.experts = nn.ModuleList([nn.Sequential(nn.Linear(d, 24), nn.ReLU(), nn.Linear(24, 1))
                                      for _ in range(experts)])
        self.k = k

    def forward(self, x):
        probs = F.softmax(self.gate(x), dim=-1)
        top, index = probs.topk(self.k, dim=-1)
        top = top / top.sum(-1, keepdim=True)
        out = x.new_zeros(x.size(0), 1)
        for e, expert in enumerate(self.experts):
            rows, slot = (index == e).nonzero(as_tuple=True)
            if rows.numel() == 0:
                continue
            out = out.index_add(0, rows, expert(x[rows]) * top[rows, slot].unsqueeze(1))
        load = F.one_hot(index[:, 0], len(self.experts)).float().mean(0)
        balance = len(self.experts) * (load * probs.mean(0)).sum()
        return out, balance


x = torch.randn(320, 8)
y = torch.where(x[:, :1] > 0, x[:, 1:2] * 1.5, torch.sin(2 * x[:, 2:3]))
model = MoE()
opt = torch.optim.Adam(model.parameters(), lr=5e-3)
for epoch in range(8):
    total = 0.0
    for idx in torch.randperm(320).split(40):
        pred, balance = model(x[idx])
        task = F.mse_loss(pred, y[idx])
        loss = task + 0.01 * balance
        opt.zero_grad()
        loss.backward()
        opt.step()
        total += task.item() / 8
    print(epoch, f"mse {total:.4f} balance {balance.item():.3f}")
