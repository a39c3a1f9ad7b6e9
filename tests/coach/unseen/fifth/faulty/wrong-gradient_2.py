import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(12)


class SwishFn(torch.autograd.Function):
    """memory-saving swish: keep only the input"""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * torch.sigmoid(x)

    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        s = torch.sigmoid(x)
        return grad * (s + s * (1 - s))  # coach: wrong-gradient


class Swish(nn.Module):
    def forward(self, x):
        return SwishFn.apply(x)


X = torch.randn(400, 9)
y = torch.sin(X[:, :3].sum(1)) + 0.3 * X[:, 4]
dl = DataLoader(TensorDataset(X, y), batch_size=40, shuffle=True)
net = nn.Sequential(nn.Linear(9, 48), Swish(), nn.Linear(48, 48), Swish(), nn.Linear(48, 1))
opt = torch.optim.Adam(net.parameters(), lr=3e-3)
for epoch in range(8):
    for xb, yb in dl:
        loss = F.mse_loss(net(xb).squeeze(-1), yb)
        opt.zero_grad()
        loss.backward()
        opt.step()
    print(epoch, loss.item())
