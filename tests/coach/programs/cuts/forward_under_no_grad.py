import gradbook as torch
from gradbook import nn

model = nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 1))
opt = torch.optim.SGD(model.parameters(), lr=0.1)
x = torch.rand(20, 3)
y = x.prod(1, keepdim=True)

for epoch in range(4):
    opt.zero_grad()
    with torch.no_grad():  # coach: training-under-no-grad; fix: pred = model(x)
        pred = model(x)
    loss = ((pred - y) ** 2).mean()
    loss.backward()
    opt.step()
