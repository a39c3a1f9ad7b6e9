import gradbook as torch
from gradbook import nn

torch.manual_seed(0)
positives, negatives = torch.randn(60, 3) + 1, torch.randn(60, 3) - 1
data = torch.cat([positives, negatives])
labels = torch.cat([torch.ones(60, 1), torch.zeros(60, 1)])
clf = nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 1))
opt = torch.optim.SGD(clf.parameters(), lr=0.1)
loss_fn = nn.BCEWithLogitsLoss()
for epoch in range(3):
    for start in range(0, 120, 15):
        inputs, targets = data[start : start + 15], labels[start : start + 15]  # coach: not-shuffled; fix: randperm
        opt.zero_grad()
        loss = loss_fn(clf(inputs), targets)
        loss.backward()
        opt.step()
