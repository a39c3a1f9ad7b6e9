import gradbook as torch
from gradbook import nn

net = nn.Linear(4, 1)
opt = torch.optim.Adam(net.parameters(), lr=0.01)
x = torch.randn(64, 4)
y = x.sum(1, keepdim=True)
smooth = None
for step in range(10):
    loss = nn.functional.mse_loss(net(x), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
    if smooth is None:
        smooth = loss
    else:
        smooth = 0.9 * smooth + 0.1 * loss  # coach: loss-keeps-graph; fix: 0.1 * loss.item()
    if step % 5 == 0:
        print(step, float(smooth))
