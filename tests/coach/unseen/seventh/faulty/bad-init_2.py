import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(45)
N, L, D, C = 240, 6, 12, 4
lab = torch.arange(N) % C
x = torch.randn(N, L, D)
x[:, 1] += 1.5 * torch.randn(C, D)[lab]
x[:, 4] += 1.5 * torch.randn(C, D)[lab]
x = (x - x.mean((0, 1))) / x.std((0, 1))


class TDNN(nn.Module):
    def __init__(self, ctx=3, h=40):
        super().__init__()
        self.conv = nn.Conv1d(D, h, ctx)
        self.hidden = nn.Linear(h, h)
        self.cls = nn.Linear(h, C)
        self.apply(self._init)

    @staticmethod
    def _init(m):
        if isinstance(m, (nn.Conv1d, nn.Linear)):
            nn.init.constant_(m.weight, 0.02)  # coach: bad-init; fix: nn.init.
            nn.init.zeros_(m.bias)

    def forward(self, x):
        z = torch.tanh(self.conv(x.transpose(1, 2))).mean(-1)
        return self.cls(torch.tanh(self.hidden(z)))


net = TDNN()
opt = torch.optim.Adam(net.parameters(), lr=3e-3)
loader = DataLoader(TensorDataset(x, lab), batch_size=30, shuffle=True)
for ep in range(8):
    tot = 0.0
    for xb, yb in loader:
        opt.zero_grad()
        loss = F.cross_entropy(net(xb), yb)
        loss.backward()
        opt.step()
        tot += loss.item()
    print(ep, "loss %.3f" % (tot / len(loader)))
