import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F

torch.manual_seed(94)
LAMBDA = 2.0  # coach: regularisation-dominates
EPOCHS = 10

X = torch.randn(240, 10)
y = X[:, :4].argmax(dim=1)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.h = nn.Linear(10, 32)
        self.o = nn.Linear(32, 4)

    def forward(self, x):
        return self.o(torch.relu(self.h(x)))

    def l1(self):
        return sum(p.abs().sum() for p in self.parameters())


net = Net()
opt = torch.optim.Adam(net.parameters(), lr=5e-3)
for epoch in range(EPOCHS):
    for b in torch.randperm(240).split(40):
        data_loss = F.cross_entropy(net(X[b]), y[b])
        penalty = LAMBDA * net.l1()
        loss = data_loss + penalty
        opt.zero_grad()
        loss.backward()
        opt.step()
    print(epoch, "data", data_loss.item(), "penalty", penalty.item())
# coach-also: constant-predictions, suspicious-initial-loss, degenerate-activation, dead-relu, vanishing-gradients, loss-plateau
