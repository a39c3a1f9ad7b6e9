import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F


class Risk(nn.Module):
    def __init__(self):
        super().__init__()
        self.l1, self.l2 = nn.Linear(7, 14), nn.Linear(14, 1)

    def forward(self, x):
        x = torch.tanh(self.l1(x))
        return F.softmax(self.l2(x), dim=-1)  # coach: degenerate-activation; fix: torch.sigmoid(self.l2(x))


def train():
    net = Risk()
    sgd = torch.optim.SGD(net.parameters(), lr=0.1)
    for _ in range(6):
        x = torch.rand(16, 7)
        y = (x.sum(1, keepdim=True) > 3.5).float()
        loss = F.mse_loss(net(x), y)
        sgd.zero_grad()
        loss.backward()
        sgd.step()


train()
