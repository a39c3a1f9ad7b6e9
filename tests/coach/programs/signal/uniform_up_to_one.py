import gradbook as torch
import gradbook.nn as nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Linear(50, 128)
        self.b = nn.Linear(128, 128)
        self.c = nn.Linear(128, 1)
        for m in (self.a, self.b, self.c):
            torch.nn.init.uniform_(m.weight, 0, 1)  # coach: bad-init; fix: nn.init.xavier_uniform_(m.weight)

    def forward(self, x):
        return self.c(torch.relu(self.b(torch.relu(self.a(x)))))


net, x, y = Net(), torch.rand(20, 50), torch.rand(20, 1)
opt = torch.optim.SGD(net.parameters(), lr=1e-12)
for _ in range(4):
    loss = ((net(x) - y) ** 2).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
