import gradbook as torch
from gradbook import nn

torch.manual_seed(0)
raw = torch.randn(50, 4)
raw[:, 2] = 7.0
mean, std = raw.mean(0), raw.std(0)


def standardise(batch):
    return (batch - mean) / std  # coach: nan-origin; fix: std +


model = nn.Linear(4, 1)
opt = torch.optim.SGD(model.parameters(), lr=0.1)
for epoch in range(3):
    pred = model(standardise(raw))
    loss = pred.pow(2).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
