import copy

import gradbook as torch
import gradbook.nn as nn


def evaluate(m, data, labels, lossf):
    m.train(False)  # coach: train-mode-not-restored; fix: m.train()
    with torch.no_grad():
        return lossf(m(data), labels).item()


m = nn.Sequential(nn.Linear(4, 12), nn.Dropout(), nn.ReLU(), nn.Linear(12, 1))
lossf = nn.L1Loss()
opt = torch.optim.Adam(m.parameters(), lr=0.01)
data = torch.randn(64, 4)
labels = data.abs().sum(1, keepdim=True)
best, state, patience = float("inf"), None, 0
for step in range(40):
    batch = torch.randint(0, 48, (16,))
    opt.zero_grad()
    loss = lossf(m(data[batch]), labels[batch])
    loss.backward()
    opt.step()
    if step % 5 == 4:
        current = evaluate(m, data[48:], labels[48:], lossf)
        if current < best:
            best, state, patience = current, copy.deepcopy(m.state_dict()), 0
        else:
            patience += 1
        if patience > 3:
            break
