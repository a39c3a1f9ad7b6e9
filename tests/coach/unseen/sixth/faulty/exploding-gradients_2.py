"""ReLU-RNN on the adding problem (Le, Jaitly & Hinton 2015)."""
import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F

torch.manual_seed(9)
T, H, B = 16, 24, 32


class ReluRNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.inp = nn.Linear(2, H)
        self.rec = nn.Linear(H, H, bias=False)
        self.out = nn.Linear(H, 1)
        nn.init.normal_(self.rec.weight, std=0.45)  # coach: exploding-gradients

    def forward(self, x):
        h = torch.zeros(x.shape[0], H)
        for t in range(x.shape[1]):
            h = torch.relu(self.inp(x[:, t]) + self.rec(h))
        return self.out(h).squeeze(1)


def adding(n):
    v = torch.rand(n, T) * 2 - 1
    m = torch.zeros(n, T)
    rows = torch.arange(n)
    m[rows, torch.randint(0, T // 2, (n,))] = 1.0
    m[rows, torch.randint(T // 2, T, (n,))] = 1.0
    return torch.stack([v, m], dim=2), (v * m).sum(1)


net = ReluRNN()
opt = torch.optim.Adam(net.parameters(), lr=1e-3)
for step in range(150):
    x, y = adding(B)
    loss = F.mse_loss(net(x), y)
    opt.zero_grad()
    loss.backward()  # coach-line: exploding-gradients
    opt.step()  # coach-line: exploding-gradients
    if step % 30 == 0:
        print(step, f"{loss.item():.3e}")
# coach-also: bad-init
