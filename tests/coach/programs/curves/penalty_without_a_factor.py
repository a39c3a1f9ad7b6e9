import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset


def l2_norm(model):
    total = torch.zeros(())
    for w in model.parameters():
        total = total + (w**2).sum()
    return total


net = nn.Sequential(nn.Linear(5, 64), nn.Tanh(), nn.Linear(64, 64), nn.Tanh(), nn.Linear(64, 1))
opt = torch.optim.SGD(net.parameters(), lr=1e-3)
x = torch.randn(80, 5)
for epoch in range(2):
    for xb, yb in DataLoader(TensorDataset(x, 0.1 * x.sum(1, keepdim=True)), batch_size=16, shuffle=True):
        loss = nn.functional.mse_loss(net(xb), yb)
        loss = loss + l2_norm(net)  # coach: regularisation-dominates; fix: * l2_norm(net)
        opt.zero_grad()
        loss.backward()
        opt.step()
