import gradbook as torch
from gradbook import nn

model = nn.Sequential(nn.Linear(4, 10), nn.Tanh(), nn.Linear(10, 1), nn.Sigmoid())
bce = nn.BCELoss()
opt = torch.optim.SGD(model.parameters(), lr=0.5)
points = torch.randn(40, 4)
inside = (points.norm(dim=1, keepdim=True) < 2).float()
for _ in range(8):
    prob = torch.sigmoid(model(points))  # coach: redundant-activation; fix: prob = model(points)
    loss = bce(prob, inside)
    opt.zero_grad()
    loss.backward()
    opt.step()
