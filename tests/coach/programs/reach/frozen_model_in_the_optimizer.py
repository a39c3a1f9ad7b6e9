import gradbook as torch
import gradbook.nn as nn

model = nn.Sequential(nn.Linear(5, 5), nn.ReLU(), nn.Linear(5, 1))
for p in model.parameters():
    p.requires_grad = False
head = nn.Linear(1, 2)
opt = torch.optim.Adam(model.parameters(), lr=0.01)  # coach: stale-optimizer
x = torch.randn(20, 5)
y = torch.randint(0, 2, (20,))
for i in range(6):
    loss = nn.functional.cross_entropy(head(model(x)), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
