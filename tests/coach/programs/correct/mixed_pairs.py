import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F

torch.manual_seed(30)
centres = torch.randn(3, 12)
labels = torch.randint(0, 3, (240,))
points = centres[labels] + 0.4 * torch.randn(240, 12)
net = nn.Sequential(nn.Linear(12, 32), nn.ReLU(), nn.Linear(32, 3))
opt = torch.optim.Adam(net.parameters(), lr=3e-3)
for epoch in range(8):
    for rows in torch.randperm(240).split(40):
        x, y = points[rows], labels[rows]
        partner = torch.randperm(len(x))
        share = float(torch.rand(1))
        mixed = share * x + (1 - share) * x[partner]
        scores = net(mixed)
        loss = share * F.cross_entropy(scores, y) + (1 - share) * F.cross_entropy(scores, y[partner])
        opt.zero_grad()
        loss.backward()
        opt.step()
    print(epoch, loss.item())
