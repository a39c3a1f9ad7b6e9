import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F

emb = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 4))
opt = torch.optim.Adam(emb.parameters(), lr=1e-2)
centers = torch.randn(3, 8) * 4
for step in range(15):
    labels = torch.randint(0, 3, (30,))
    a, p = centers[labels] + 0.1 * torch.randn(30, 8), centers[labels] + 0.1 * torch.randn(30, 8)
    n = centers[(labels + 1) % 3] + 0.1 * torch.randn(30, 8)
    za, zp, zn = emb(a), emb(p), emb(n)
    loss = F.relu((za - zp).pow(2).sum(1) - (za - zn).pow(2).sum(1) + 0.2).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
