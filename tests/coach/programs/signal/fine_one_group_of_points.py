import gradbook as torch
import gradbook.nn as nn

shared = nn.Sequential(nn.Conv1d(3, 16, 1), nn.BatchNorm1d(16), nn.ReLU())
head = nn.Linear(16, 2)
opt = torch.optim.Adam([*shared.parameters(), *head.parameters()], lr=1e-3)
for cloud in range(2):
    points = torch.randn(1, 3, 50)
    logits = head(shared(points).amax(2))
    loss = nn.functional.cross_entropy(logits, torch.tensor([cloud]))
    opt.zero_grad()
    loss.backward()
    opt.step()
