"""A moving sum of the loss in float16 stands still when it is large."""

import gradbook as torch
from gradbook import nn

model = nn.Linear(6, 2)
opt = torch.optim.SGD(model.parameters(), lr=0.1)
total = torch.zeros((), dtype=torch.float16)
for step in range(6):
    x, y = torch.randn(1500, 6), torch.randint(0, 2, (1500,))
    loss = nn.functional.cross_entropy(model(x), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
    total = total + (loss.detach() * len(x)).half()
    total += loss.detach().half()  # coach: dtype-creep; fix: total += loss.detach().half().float()
print(float(total))
