import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(19)


class Swish(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        s = torch.sigmoid(x)
        ctx.save_for_backward(x, s)
        return x * s

    @staticmethod
    def backward(ctx, g):
        x, s = ctx.saved_tensors
        return g * (s + x * s)  # coach: wrong-gradient; fix: (1 - s)


class SwishNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Linear(5, 32)
        self.b = nn.Linear(32, 1)

    def forward(self, x):
        return self.b(Swish.apply(self.a(x)))


X = torch.randn(400, 5)
Y = (X[:, :1] ** 2 - X[:, 1:2] * X[:, 2:3])
Y = (Y - Y.mean()) / Y.std()
loader = DataLoader(TensorDataset(X, Y), batch_size=40, shuffle=True)
model = SwishNet()
opt = torch.optim.Adam(model.parameters(), lr=0.01)
mse = nn.MSELoss()
for epoch in range(8):
    acc = 0.0
    for xb, yb in loader:
        opt.zero_grad()
        loss = mse(model(xb), yb)
        loss.backward()
        opt.step()
        acc += loss.item()
    print("epoch", epoch, acc / len(loader))
