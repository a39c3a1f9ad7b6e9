import gradbook as torch
from gradbook import nn

torch.manual_seed(0)
WD = 1.0  # coach: regularisation-dominates; fix: WD = 1e-4
x = torch.randn(128, 10)
y = (x[:, 0] > 0).long()
net = nn.Sequential(nn.Linear(10, 32), nn.ReLU(), nn.Linear(32, 2))
opt = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9, weight_decay=WD)
for epoch in range(40):
    opt.zero_grad()
    loss = nn.functional.cross_entropy(net(x), y)
    loss.backward()
    opt.step()  # coach-also: constant-predictions, loss-plateau, degenerate-activation, vanishing-gradients, dead-relu
