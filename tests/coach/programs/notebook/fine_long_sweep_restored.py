# %% [1]
import io

import gradbook as torch
import gradbook.nn as nn

torch.manual_seed(0)
x = torch.rand(40, 3)
y = (x.sum(1) > 1.5).long()
net = nn.Sequential(nn.Linear(3, 12), nn.ReLU(), nn.Linear(12, 2))
start = io.BytesIO()
torch.save(net.state_dict(), start)
results = {}
# %% [2]
for make in (torch.optim.SGD, torch.optim.Adagrad, torch.optim.Adam):
    start.seek(0)
    net.load_state_dict(torch.load(start))
    optimizer = make(net.parameters(), lr=0.01)
    for step in range(130):
        loss = nn.functional.cross_entropy(net(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    results[make.__name__] = loss.item()
# %% [2] rerun
