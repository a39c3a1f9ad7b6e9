import gradbook as torch
import gradbook.nn as nn

layers = []
x = torch.randn(30, 4)
y = torch.randint(0, 2, (30,))
for d in range(3):
    layers.append(nn.Linear(4 if d == 0 else 6, 6))
    out = nn.Linear(6, 2)
    opt = torch.optim.SGD([*layers[-1].parameters(), *out.parameters()], 0.1)
    for i in range(4):
        h = x
        for layer in layers:
            h = torch.relu(layer(h))
        loss = nn.functional.cross_entropy(out(h), y)
        opt.zero_grad()
        loss.backward()
        opt.step()
