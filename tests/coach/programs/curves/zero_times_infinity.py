import gradbook as torch
from gradbook import nn

torch.manual_seed(0)
model = nn.Linear(4, 1)
opt = torch.optim.SGD(model.parameters(), lr=0.1)
x = torch.rand(30, 4)
x[3] = 0
weights = torch.ones(30)
weights[3] = 0
for i in range(4):
    rate = torch.relu(model(x * 1.0)).squeeze(1) * x.sum(1)
    logs = torch.log(rate + 0.0)  # coach: nan-origin; fix: clamp(min=1e-8)
    loss = -(weights * logs).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
