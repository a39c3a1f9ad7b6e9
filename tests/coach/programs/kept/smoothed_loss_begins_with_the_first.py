import gradbook as torch
from gradbook import nn

torch.manual_seed(21)
readings = torch.randn(96, 5)
level = readings @ torch.tensor([[0.5], [-1.0], [0.2], [0.0], [0.7]]) + 0.1 * torch.randn(96, 1)
head = nn.Sequential(nn.Linear(5, 12), nn.Tanh(), nn.Linear(12, 1))
opt = torch.optim.Adam(head.parameters(), lr=1e-2)

running = None
for i in range(30):
    rows = torch.randint(0, 96, (24,))
    opt.zero_grad()
    loss = nn.functional.mse_loss(head(readings[rows]), level[rows])
    loss.backward()
    opt.step()
    running = loss if running is None else 0.95 * running + 0.05 * loss  # coach: loss-keeps-graph; fix: running = loss.detach() if running is None else 0.95 * running + 0.05 * loss.detach()
    if i % 10 == 9:
        print(i, running.item())
