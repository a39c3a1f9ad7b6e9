"""Born-again networks (Furlanello et al. 2018): each generation distils from the previous one."""
import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(37)
K, D = 4, 12
mu = torch.randn(K, D)
y = torch.arange(640) % K
x = mu[y] + 0.9 * torch.randn(640, D)
x = (x - x.mean(0)) / x.std(0)
dl = DataLoader(TensorDataset(x, y), batch_size=64, shuffle=True)


def make_net():
    return nn.Sequential(nn.Linear(D, 32), nn.ReLU(), nn.Linear(32, K))


def kd(student_logits, teacher_logits, T=2.0):
    return F.kl_div(F.log_softmax(student_logits / T, 1), F.softmax(teacher_logits / T, 1),
                    reduction="batchmean") * T * T


net = make_net()
opt = torch.optim.Adam(net.parameters(), lr=3e-3)  # coach: stale-optimizer; fix: torch.optim.Adam(net.parameters()
teacher = None
for gen in range(3):
    if gen > 0:
        teacher = net.eval().requires_grad_(False)
        net = make_net()  # coach-line: stale-optimizer
    for epoch in range(3):
        for xb, yb in dl:
            out = net(xb)
            loss = F.cross_entropy(out, yb)
            if teacher is not None:
                with torch.no_grad():
                    t = teacher(xb)
                loss = 0.5 * loss + 0.5 * kd(out, t)
            opt.zero_grad()
            loss.backward()
            opt.step()  # coach-line: stale-optimizer
        print(f"gen {gen} epoch {epoch} loss {loss.item():.3f}")
