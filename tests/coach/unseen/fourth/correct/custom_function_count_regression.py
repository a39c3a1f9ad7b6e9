# Poisson regression with a hand-written exponential link whose gradient is exact, and clicks as the target
import gradbook as torch
from gradbook import nn
from gradbook.autograd import Function
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(73)


class ExpLink(Function):
    @staticmethod
    def forward(ctx, eta):
        rate = torch.exp(eta)
        ctx.save_for_backward(rate)
        return rate

    @staticmethod
    def backward(ctx, grad_out):
        (rate,) = ctx.saved_tensors
        return grad_out * rate


class ClickModel(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden = nn.Linear(6, 24)
        self.eta = nn.Linear(24, 1)

    def forward(self, x):
        return ExpLink.apply(self.eta(torch.tanh(self.hidden(x)))).squeeze(1)


x = torch.randn(1500, 6)
rate = torch.exp(0.6 * x[:, 0] - 0.4 * x[:, 1] + 0.3 * torch.sin(2 * x[:, 2]))
clicks = torch.poisson(rate)
model = ClickModel()
criterion = nn.PoissonNLLLoss(log_input=False)
opt = torch.optim.Adam(model.parameters(), lr=5e-3)
loader = DataLoader(TensorDataset(x[:1200], clicks[:1200]), batch_size=80, shuffle=True)

for epoch in range(8):
    model.train()
    for xb, yb in loader:
        opt.zero_grad()
        loss = criterion(model(xb), yb)
        loss.backward()
        opt.step()
    model.eval()
    with torch.no_grad():
        dev = criterion(model(x[1200:]), clicks[1200:]).item()
    print(f"epoch {epoch} dev nll {dev:.4f}")
