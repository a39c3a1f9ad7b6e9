import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F

x, y = torch.randn(60, 4), torch.randint(0, 2, (60,))
members = []
for k in range(3):
    net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Dropout(0.2), nn.Linear(8, 2))
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-2)
    for step in range(5):
        loss = F.cross_entropy(net(x[k::2]), y[k::2])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    net.eval()
    members.append(net)
    with torch.no_grad():
        votes = torch.stack([member(x).softmax(1) for member in members]).mean(0)
    print((votes.argmax(1) == y).float().mean().item())
