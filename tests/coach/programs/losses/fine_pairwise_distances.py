import gradbook as torch
from gradbook import nn

net = nn.Linear(4, 1)
opt = torch.optim.Adam(net.parameters(), lr=1e-2)
x, grade = torch.randn(20, 4), torch.randint(0, 3, (20,)).float()
for _ in range(5):
    s = net(x).squeeze(1)
    diff = s.unsqueeze(1) - s
    better = (grade[:, None] > grade).float()
    loss = (nn.functional.softplus(-diff) * better).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
