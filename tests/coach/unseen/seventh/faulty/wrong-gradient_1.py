import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(83)


class SwishFn(torch.autograd.Function):
    """custom_vjp: swish(x) = x * sigmoid(x)"""

    @staticmethod
    def forward(ctx, x):
        s = torch.sigmoid(x)
        ctx.save_for_backward(x, s)
        return x * s

    @staticmethod
    def backward(ctx, g):
        x, s = ctx.saved_tensors
        return g * (s + s * (1 - s))  # coach: wrong-gradient


swish = SwishFn.apply


class Net(nn.Module):
    def __init__(self, dims):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(a, b) for a, b in zip(dims[:-1], dims[1:])])

    def forward(self, x):
        for layer in self.layers[:-1]:
            x = swish(layer(x))
        return self.layers[-1](x)


X = torch.randn(320, 5)
y = torch.sin(2 * X[:, :1]) + X[:, 1:2] * X[:, 2:3]
y = (y - y.mean()) / y.std()

net = Net([5, 32, 32, 1])
opt = torch.optim.Adam(net.parameters(), lr=3e-3)
mse = nn.MSELoss()
for epoch in range(10):
    total = 0.0
    for xb, yb in DataLoader(TensorDataset(X, y), batch_size=32, shuffle=True):
        opt.zero_grad()
        loss = mse(net(xb), yb)
        loss.backward()
        opt.step()
        total += loss.item()
    print(f"epoch {epoch}: {total / 10:.4f}")
