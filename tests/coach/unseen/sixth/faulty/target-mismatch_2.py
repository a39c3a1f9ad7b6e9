"""Advantage-weighted regression, critic fitted on Monte-Carlo returns."""
import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F

torch.manual_seed(41)
S, H, GAMMA = 4, 12, 0.9


def rollouts(n):
    s = torch.randn(n, S)
    obs, rew = [], []
    for _ in range(H):
        obs.append(s)
        rew.append(torch.tanh(s[:, 0] - 0.5 * s[:, 1]))
        s = 0.9 * s + 0.45 * torch.randn(n, S)
    ret, g = [], torch.zeros(n)
    for r in reversed(rew):
        g = r + GAMMA * g
        ret.insert(0, g)
    return torch.cat(obs), torch.cat(ret)


value = nn.Sequential(nn.Linear(S, 48), nn.ReLU(), nn.Linear(48, 48), nn.ReLU(), nn.Linear(48, 1))
opt = torch.optim.Adam(value.parameters(), lr=3e-3)
for it in range(12):
    obs, ret = rollouts(32)
    ret = (ret - ret.mean()) / (ret.std() + 1e-6)
    for mb in torch.randperm(len(obs)).split(64):
        v = value(obs[mb])
        loss = F.mse_loss(v, ret[mb])  # coach: target-mismatch; fix: squeeze(
        opt.zero_grad()
        loss.backward()
        opt.step()
    print(it, f"value loss {loss.item():.4f}")
# coach-also: silent-broadcast
