import gradbook as torch
from gradbook import nn

torch.manual_seed(0)
x, xv = torch.randn(30, 12), torch.randn(90, 12)
y, yv = (x[:, 0] + torch.randn(30) > 0).long(), (xv[:, 0] + torch.randn(90) > 0).long()
net = nn.Sequential(nn.Linear(12, 64), nn.ReLU(), nn.Linear(64, 2))
opt = torch.optim.Adam(net.parameters(), lr=5e-3)
best, patience, waited, kept = float("inf"), 6, 0, None
for epoch in range(100):
    opt.zero_grad()
    nn.functional.cross_entropy(net(x), y).backward()
    opt.step()
    with torch.no_grad():
        val = nn.functional.cross_entropy(net(xv), yv).item()
    if val < best:
        best, waited, kept = val, 0, {k: v.clone() for k, v in net.state_dict().items()}
    else:
        waited += 1
        if waited > patience:
            break
net.load_state_dict(kept)
