import gradbook as torch
from gradbook import nn

torch.manual_seed(0)
x = torch.randn(128, 5)
t = x.sum(1, keepdim=True)
model = nn.Linear(5, 1)
opt = torch.optim.SGD(model.parameters(), lr=0.05)
size = 16
for epoch in range(3):
    order = torch.randperm(len(x))
    for begin in range(0, len(x), size):
        batch = order[0:size]  # coach: repeated-batch; fix: order[begin : begin + size]
        loss = ((model(x[batch]) - t[batch]) ** 2).mean()
        opt.zero_grad()
        loss.backward()
        opt.step()
