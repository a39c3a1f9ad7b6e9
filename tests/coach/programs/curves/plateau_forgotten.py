import gradbook as torch
from gradbook import nn

torch.manual_seed(1)
X = torch.randn(50, 2)
T = (X**2).sum(1, keepdim=True)
net = nn.Sequential(nn.Linear(2, 20), nn.ReLU(), nn.Linear(20, 1))
adam = torch.optim.Adam(net.parameters(), lr=0.01)
plateau = torch.optim.lr_scheduler.ReduceLROnPlateau(adam, patience=3)  # coach: scheduler-order; fix: plateau.step(
for it in range(20):
    adam.zero_grad()
    loss = (net(X) - T).square().mean()
    loss.backward()
    adam.step()
