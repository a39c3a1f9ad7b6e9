"""Quantisation-aware training: weights and activations rounded in the forward pass, straight-through backward."""
import gradbook as torch
import gradbook.nn.functional as F
from gradbook import nn


class RoundSTE(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x.round()

    @staticmethod
    def backward(ctx, grad):
        return grad


def fake_quant(x, bits=4):
    top = 2 ** (bits - 1) - 1
    scale = x.detach().abs().max().clamp(min=1e-8) / top
    return RoundSTE.apply((x / scale).clamp(-top, top)) * scale


class QLinear(nn.Linear):
    def forward(self, x):
        return F.linear(x, fake_quant(self.weight), self.bias)


class QNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.l1, self.l2 = QLinear(6, 32), QLinear(32, 3)

    def forward(self, x):
        return self.l2(fake_quant(F.relu(self.l1(x)), bits=6))


torch.manual_seed(0)
y = torch.randint(0, 3, (240,))
x = torch.eye(3).repeat(1, 2)[y] * 1.5 - 0.5 + 0.6 * torch.randn(240, 6)
model = QNet()
opt = torch.optim.Adam(model.parameters(), lr=5e-3)
for epoch in range(8):
    total = 0.0
    for idx in torch.randperm(240).split(40):
        loss = F.cross_entropy(model(x[idx]), y[idx])
        opt.zero_grad()
        loss.backward()
        opt.step()
        total += loss.item() / 6
    print(epoch, round(total, 4))
