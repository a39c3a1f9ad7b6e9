"""Estimate the constants of a damped spring from a simulated track; double precision throughout."""
import gradbook as torch

dtype = torch.float64
DT, N = 0.05, 60


def simulate(k, c):
    x = torch.ones((), dtype=dtype)
    v = torch.zeros((), dtype=dtype)
    track = []
    for _ in range(N):
        v = v - DT * (k * x + c * v)
        x = x + DT * v
        track.append(x)
    return torch.stack(track)


with torch.no_grad():
    observed = simulate(torch.tensor(4.0, dtype=dtype), torch.tensor(0.5, dtype=dtype))

log_k = torch.tensor(0.8, dtype=dtype, requires_grad=True)
log_c = torch.tensor(-1.5, dtype=dtype, requires_grad=True)
opt = torch.optim.Adam([log_k, log_c], lr=0.08)
for it in range(45):
    opt.zero_grad()
    loss = (simulate(log_k.exp(), log_c.exp()) - observed).pow(2).mean()
    loss.backward()
    opt.step()
    if it % 15 == 0 or it == 44:
        print(f"{it:2d} loss {loss.item():.3e} k {log_k.exp().item():.4f} c {log_c.exp().item():.4f}")
