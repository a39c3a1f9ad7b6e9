import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
# policy entropy: probs * log(probs) with exact zeros
torch.manual_seed(49)
actor = nn.Sequential(nn.Linear(4, 16), nn.Tanh(), nn.Linear(16, 3))
opt = torch.optim.Adam(actor.parameters(), lr=3e-3)
for it in range(10):
    s = torch.randn(32, 4)
    legal = torch.ones(32, 3)
    legal[s[:, 0] > 0, 2] = 0.0
    p = torch.softmax(actor(s), -1) * legal
    p = p / p.sum(-1, keepdim=True)
    entropy = -(p * torch.log(p)).sum(-1).mean()  # coach: nan-origin
    a = p.detach().argmax(-1, keepdim=True)
    reward = (s[:, 1] > 0).float()
    loss = -((reward - 0.5) * p.gather(1, a).squeeze(1).clamp_min(1e-6).log()).mean() - 0.01 * entropy
    opt.zero_grad()
    loss.backward()
    opt.step()
    print(it, loss.item())
# coach-also: loss-diverged
