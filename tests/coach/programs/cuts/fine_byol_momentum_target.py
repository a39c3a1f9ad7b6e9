import copy

import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F

online = nn.Sequential(nn.Linear(6, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Linear(16, 8))
predictor = nn.Linear(8, 8)
target = copy.deepcopy(online)
for p in target.parameters():
    p.requires_grad_(False)
opt = torch.optim.SGD([*online.parameters(), *predictor.parameters()], lr=0.05, momentum=0.9)
data = torch.randn(64, 6)
for step in range(10):
    a, b = data + 0.1 * torch.randn(64, 6), data + 0.1 * torch.randn(64, 6)
    with torch.no_grad():
        ta, tb = target(a), target(b)
    loss = -F.cosine_similarity(predictor(online(a)), tb).mean() - F.cosine_similarity(predictor(online(b)), ta).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    with torch.no_grad():
        for slow, fast in zip(target.parameters(), online.parameters()):
            slow.mul_(0.99).add_(fast, alpha=0.01)
