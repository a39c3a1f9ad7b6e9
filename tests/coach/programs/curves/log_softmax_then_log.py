import gradbook as torch
from gradbook import nn

torch.manual_seed(0)
net = nn.Linear(6, 3)
opt = torch.optim.Adam(net.parameters(), lr=0.01)
x, y = torch.randn(40, 6), torch.randint(0, 3, (40,))
for step in range(3):
    log_p = torch.log_softmax(net(x), dim=1)
    picked = torch.log(log_p)[torch.arange(40), y]  # coach: nan-origin
    loss = -picked.mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
