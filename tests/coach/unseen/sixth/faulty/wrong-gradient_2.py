"""Memory-efficient Swish (as in the EfficientNet repos): recompute in backward."""
import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(22)


class SwishFn(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * torch.sigmoid(x)

    @staticmethod
    def backward(ctx, grad_out):
        (x,) = ctx.saved_tensors
        s = torch.sigmoid(x)
        return grad_out * (s * (1 + x * s))  # coach: wrong-gradient


class Swish(nn.Module):
    def forward(self, x):
        return SwishFn.apply(x)


net = nn.Sequential(nn.Linear(8, 40), Swish(), nn.Linear(40, 40), Swish(), nn.Linear(40, 1))
x = torch.randn(900, 8)
y = torch.sin(x[:, 0]) * x[:, 1] + 0.5 * x[:, 2]
y = ((y - y.mean()) / y.std()).unsqueeze(1)
dl = DataLoader(TensorDataset(x, y), batch_size=60, shuffle=True)
opt = torch.optim.Adam(net.parameters(), lr=2e-3)
for epoch in range(6):
    tot = 0.0
    for xb, yb in dl:
        opt.zero_grad()
        loss = F.mse_loss(net(xb), yb)
        loss.backward()
        opt.step()
        tot += loss.item()
    print(epoch, round(tot / len(dl), 4))
