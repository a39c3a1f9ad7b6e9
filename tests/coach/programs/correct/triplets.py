import gradbook as torch
import gradbook.nn as nn

net = nn.Sequential(nn.Linear(5, 16), nn.LayerNorm(16), nn.ReLU(), nn.Linear(16, 4))
o = torch.optim.AdamW(net.parameters(), 1e-3)
X = torch.randn(60, 5)
Y = torch.randint(0, 3, (60,))
tl = nn.TripletMarginLoss()
for i in range(10):
    a, p, n = [torch.randint(0, 60, (16,)) for _ in range(3)]
    loss = tl(net(X[a]), net(X[p]), net(X[n]))
    o.zero_grad()
    loss.backward()
    o.step()
    with torch.no_grad():
        E = net(X)
        d = torch.cdist(E, E)
        d.fill_diagonal_(1e9)
        print((Y[d.argmin(1)] == Y).float().mean().item())
