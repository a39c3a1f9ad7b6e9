import gradbook as torch
from gradbook import nn

torch.manual_seed(0)
net = nn.Linear(3, 1)
opt = torch.optim.Adam(net.parameters(), lr=1e-2)
warmup = torch.optim.lr_scheduler.LambdaLR(opt, lambda s: min(1.0, s / 10))  # coach: scheduler-order; fix: warmup.step()
x = torch.randn(60, 3)
y = x @ torch.tensor([[1.0], [2.0], [3.0]])
for step in range(25):
    opt.zero_grad()
    loss = (net(x) - y).abs().mean()
    loss.backward()
    opt.step()  # coach-also: loss-plateau, stale-optimizer
