import gradbook as torch
import gradbook.nn as nn

e = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Dropout(0.1), nn.Linear(8, 3))
o = torch.optim.AdamW(e.parameters(), 1e-2)
A, B = torch.randn(40, 4), torch.randn(40, 4)
s = torch.randint(0, 2, (40,)).float()
for ep in range(5):
    e.train()
    d = (e(A) - e(B)).norm(dim=1)
    l = (s * d**2 + (1 - s) * torch.relu(1 - d) ** 2).mean()
    o.zero_grad()
    l.backward()
    o.step()
    e.eval()
    with torch.no_grad():
        d = (e(A) - e(B)).norm(dim=1)
        best = max(((d < t).float() == s).float().mean().item() for t in (0.2, 0.5, 1.0))
    print(ep, l.item(), best)
