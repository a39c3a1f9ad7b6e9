import gradbook as torch
import gradbook.nn as nn

torch.manual_seed(0)
rooms = torch.rand(32, 3)
price = rooms.sum(1, keepdim=True) * 20
net = nn.Sequential(
    nn.Linear(3, 24),
    nn.ReLU(),
    nn.Linear(24, 1),
    nn.Sigmoid(),  # coach: cannot-overfit-batch
)
opt = torch.optim.Adam(net.parameters(), lr=1e-2)
for step in range(120):
    loss = nn.functional.mse_loss(net(rooms), price)
    opt.zero_grad()
    loss.backward()
    opt.step()  # coach-also: redundant-activation, saturated-activation, loss-plateau
