import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
torch.manual_seed(0)
class MySquare(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x
    @staticmethod
    def backward(ctx, g):
        x, = ctx.saved_tensors
        return g * x  # coach: wrong-gradient; fix: 2 * x
net1, net2 = nn.Linear(4, 16), nn.Linear(16, 1)
opt = torch.optim.Adam([*net1.parameters(), *net2.parameters()], lr=1e-2)
for i in range(20):
    x = torch.randn(32, 4)
    y = x[:, :1] ** 2 - 1
    loss = F.mse_loss(net2(MySquare.apply(net1(x))), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
    if i % 5 == 0: print(i, loss.item())
