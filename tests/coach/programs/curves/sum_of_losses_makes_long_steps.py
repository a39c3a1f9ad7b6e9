import gradbook as torch
from gradbook import nn

torch.manual_seed(0)
x = torch.randn(256, 10)
y = (x[:, 0] > 0).long()
net = nn.Sequential(nn.Linear(10, 32), nn.ReLU(), nn.Linear(32, 2))
loss_fn = nn.CrossEntropyLoss(reduction="sum")  # coach: update-ratio-high; fix: nn.CrossEntropyLoss()
opt = torch.optim.SGD(net.parameters(), lr=0.1)
for step in range(20):
    loss = loss_fn(net(x), y)
    opt.zero_grad()
    loss.backward()
    opt.step()  # coach-also: learning-rate-too-high, dead-relu, exploding-gradients
