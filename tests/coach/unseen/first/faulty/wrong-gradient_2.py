import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset
torch.manual_seed(59)
class Swish(torch.autograd.Function):
    """memory-efficient swish"""
    @staticmethod
    def forward(ctx, inp):
        ctx.save_for_backward(inp)
        return inp * torch.sigmoid(inp)
    @staticmethod
    def backward(ctx, grad_output):
        inp, = ctx.saved_tensors
        s = torch.sigmoid(inp)
        return grad_output * (s * (1 - inp * (1 - s)))  # coach: wrong-gradient; fix: 1 + inp * (1 - s)
class MLP(nn.Module):
    def __init__(self):
        super().__init__()
        self.i, self.o = nn.Linear(6, 32), nn.Linear(32, 3)
    def forward(self, x):
        return self.o(Swish.apply(self.i(x)))
X = torch.randn(160, 6)
y = X[:, :3].argmax(1)
mlp = MLP()
opt = torch.optim.SGD(mlp.parameters(), lr=0.1, momentum=0.9)
for epoch in range(4):
    for a, b in DataLoader(TensorDataset(X, y), batch_size=32, shuffle=True):
        opt.zero_grad()
        loss = F.cross_entropy(mlp(a), b)
        loss.backward()
        opt.step()
    print(epoch, loss.item())
