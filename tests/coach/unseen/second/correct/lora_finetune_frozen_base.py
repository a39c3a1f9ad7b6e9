"""LoRA: the pretrained linear layers are frozen, low-rank adapters (B starts at zero) learn the new task."""
import gradbook as torch
import gradbook.nn.functional as F
from gradbook import nn

torch.manual_seed(0)


class LoRALinear(nn.Module):
    def __init__(self, base, rank=4, alpha=8):
        super().__init__()
        self.base = base.requires_grad_(False)
        self.A = nn.Parameter(torch.randn(rank, base.in_features) / base.in_features ** 0.5)
        self.B = nn.Parameter(torch.zeros(base.out_features, rank))
        self.scale = alpha / rank

    def forward(self, x):
        return self.base(x) + self.scale * F.linear(F.linear(x, self.A), self.B)


def fit(model, x, y, lr, epochs):
    trainable = [p for p in model.parameters() if p.requires_grad]
    opt = torch.optim.Adam(trainable, lr=lr)
    losses = []
    for _ in range(epochs):
        for idx in torch.randperm(len(x)).split(40):
            loss = F.mse_loss(model(x[idx]), y[idx])
            opt.zero_grad()
            loss.backward()
            opt.step()
            losses.append(loss.item())
    return sum(losses[:3]) / 3, sum(losses[-3:]) / 3, sum(p.numel() for p in trainable)


x = torch.randn(200, 8)
w = torch.randn(8, 2) / 8 ** 0.5
base_task = torch.tanh(x @ w)
new_task = torch.tanh(x @ (w + 0.5 * torch.outer(torch.randn(8), torch.randn(2))))

net = nn.Sequential(nn.Linear(8, 32), nn.Tanh(), nn.Linear(32, 2))
print("pretraining", fit(net, x, base_task, 1e-2, 10))
net[0], net[2] = LoRALinear(net[0]), LoRALinear(net[2])
print("adapters   ", fit(net, x, new_task, 1e-2, 12))
