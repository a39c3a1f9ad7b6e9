import gradbook as torch
from gradbook import nn


def penalised(model, l1=30.0):  # coach: regularisation-dominates; fix: l1=0.
    def objective(x, y):
        fit = nn.functional.mse_loss(model(x), y)
        size = sum(p.abs().sum() for p in model.parameters())
        return fit + l1 * size

    return objective


torch.manual_seed(0)
model = nn.Sequential(nn.Linear(5, 20), nn.Tanh(), nn.Linear(20, 1))
loss_of = penalised(model)
opt = torch.optim.Adam(model.parameters(), lr=1e-3)
x = torch.randn(70, 5)
for i in range(15):
    opt.zero_grad()
    loss = loss_of(x, x[:, :1])
    loss.backward()
    opt.step()
