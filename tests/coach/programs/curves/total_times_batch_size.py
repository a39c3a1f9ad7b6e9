import gradbook as torch
from gradbook import nn

data = [(torch.randn(8, 3), torch.randn(8, 1)) for _ in range(7)]
reg = nn.Linear(3, 1)
optim = torch.optim.SGD(reg.parameters(), lr=0.01)
for epoch in range(2):
    total, count = torch.zeros(1), 0
    for x, t in data:
        optim.zero_grad()
        loss = nn.functional.mse_loss(reg(x), t)
        loss.backward()
        optim.step()
        total += loss * x.size(0)  # coach: loss-keeps-graph; fix: total += loss.item() * x.size(0)
        count += x.size(0)
    print(epoch, (total / count).item())
