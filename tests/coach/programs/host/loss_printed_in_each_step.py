"""A program for a GPU prints the loss in every step."""

import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F

device = torch.device("cuda" if torch.cuda.is_available() else "cpu")


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Linear(6, 12), nn.Linear(12, 3)

    def forward(self, x):
        return self.b(torch.tanh(self.a(x)))


net = Net().to(device)
opt = torch.optim.Adam(net.parameters())
for i in range(6):
    x, y = torch.randn(16, 6, device=device), torch.randint(0, 3, (16,), device=device)
    loss = F.cross_entropy(net(x), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
    print(i, float(loss))  # coach: host-sync-in-loop; fix: if step % 100 == 0: print(i, float(loss))
