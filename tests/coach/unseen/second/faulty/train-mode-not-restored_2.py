import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F


def conv_block(cin, cout):
    return nn.Sequential(nn.Conv1d(cin, cout, 3, padding=1, bias=False), nn.BatchNorm1d(cout), nn.ReLU())


class SignalNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(conv_block(1, 8), conv_block(8, 16))
        self.fc = nn.Linear(16, 3)

    def forward(self, x):
        return self.fc(self.body(x).mean(-1))


def simulate(n):
    k = torch.randint(0, 3, (n,))
    t = torch.linspace(0, 6.28, 24)
    sig = torch.sin((k + 1).float().unsqueeze(1) * t * 1.5) + 0.2 * torch.randn(n, 24)
    return sig.unsqueeze(1), k


@torch.no_grad()
def evaluate(net, x, k):
    net.eval()  # coach: train-mode-not-restored; fix: net.train()
    logits = net(x)
    return F.cross_entropy(logits, k).item(), (logits.argmax(1) == k).float().mean().item()


torch.manual_seed(6)
x_tr, k_tr = simulate(128)
x_va, k_va = simulate(48)
net = SignalNet()
opt = torch.optim.Adam(net.parameters(), lr=4e-3)
for step in range(36):
    b = torch.randint(0, 128, (32,))
    loss = F.cross_entropy(net(x_tr[b]), k_tr[b])
    opt.zero_grad()
    loss.backward()
    opt.step()
    if step % 6 == 0:
        vl, va = evaluate(net, x_va, k_va)
        print(f"{step:3d} train {loss.item():.3f} | val {vl:.3f} acc {va:.2f}")
