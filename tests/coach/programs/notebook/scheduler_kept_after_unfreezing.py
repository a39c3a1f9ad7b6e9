import gradbook as torch
from gradbook import nn

body, head = nn.Sequential(nn.Linear(6, 12), nn.ReLU()), nn.Linear(12, 2)
x, y = torch.randn(48, 6), torch.randint(0, 2, (48,))


def epoch_of(optimizer):
    for k in range(0, 48, 16):
        loss = nn.functional.cross_entropy(head(body(x[k : k + 16])), y[k : k + 16])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


body.requires_grad_(False)
opt = torch.optim.Adam(head.parameters(), lr=1e-2)
sched = torch.optim.lr_scheduler.ExponentialLR(opt, gamma=0.9)  # coach: stale-object; fix: sched = torch.optim.lr_scheduler.ExponentialLR(opt, gamma=0.9)
for _ in range(3):
    epoch_of(opt)
    sched.step()
body.requires_grad_(True)
opt = torch.optim.Adam([*body.parameters(), *head.parameters()], lr=1e-3)
for _ in range(3):
    epoch_of(opt)
    sched.step()
