import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F

torch.manual_seed(13)
centres = torch.randn(4, 12) * 1.2


def sample(n):
    c = torch.randint(0, 4, (n,))
    return centres[c] + torch.randn(n, 12) * 0.7, c


class Proj(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(12, 32, bias=False), nn.BatchNorm1d(32), nn.ReLU(), nn.Linear(32, 8))

    def forward(self, x):
        return F.normalize(self.net(x), dim=1)


def supcon(z, c, tau=0.3):
    eye = torch.eye(len(z)).bool()
    sim = (z @ z.t() / tau).masked_fill(eye, -1e9)
    logp = F.log_softmax(sim, dim=1)
    pos = ((c[:, None] == c[None, :]) & ~eye).float()
    return -((logp * pos).sum(1) / pos.sum(1).clamp(min=1)).mean()


def knn_accuracy(model, bank_x, bank_y, qx, qy):
    model.eval()  # coach-line: train-mode-not-restored
    with torch.no_grad():
        sim = model(qx) @ model(bank_x).t()
        acc = (bank_y[sim.argmax(1)] == qy).float().mean().item()
    return acc  # coach: train-mode-not-restored; fix: .train()


model = Proj()
opt = torch.optim.Adam(model.parameters(), lr=2e-3)
bank, query = sample(100), sample(100)
model.train()  # coach-line: train-mode-not-restored
for step in range(1, 61):  # coach-line: train-mode-not-restored
    xb, cb = sample(48)
    loss = supcon(model(xb), cb)
    opt.zero_grad()
    loss.backward()
    opt.step()
    if step % 10 == 0:
        print(step, loss.item(), knn_accuracy(model, *bank, *query))
