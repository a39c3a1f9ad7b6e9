import gradbook as torch
import gradbook.nn as nn

n = torch.tensor([180, 15, 5])
labels = torch.arange(3).repeat_interleave(n)[torch.randperm(200)]
feats = torch.randn(200, 4) + labels.unsqueeze(1)
lin = nn.Linear(4, 3)
opt = torch.optim.Adam(lin.parameters(), lr=0.01)
for i in range(12):
    out = lin(feats)
    loss = nn.functional.cross_entropy(out, labels)  # coach: class-imbalance; fix: weight=torch.tensor([
    opt.zero_grad()
    loss.backward()
    opt.step()
