import gradbook as torch
from gradbook import nn

torch.manual_seed(1)
clf = nn.Sequential(nn.Linear(10, 32), nn.ReLU(), nn.Linear(32, 2))
opt = torch.optim.SGD(clf.parameters(), lr=0.01, weight_decay=10.0)  # coach: regularisation-dominates; fix: weight_decay=1e-4
X = torch.randn(100, 10)
y = (X[:, 0] > 0).long()
for epoch in range(10):
    loss = nn.functional.cross_entropy(clf(X), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
