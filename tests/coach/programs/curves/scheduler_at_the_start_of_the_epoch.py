import gradbook as torch
import gradbook.nn.functional as F
from gradbook import nn, optim
from gradbook.utils.data import DataLoader, TensorDataset


class Runner:
    def __init__(self, net):
        self.net = net
        self.opt = optim.Adam(net.parameters(), lr=1e-3)
        self.sched = optim.lr_scheduler.StepLR(self.opt, step_size=2, gamma=0.5)
        self.loader = DataLoader(TensorDataset(torch.randn(48, 3), torch.randn(48, 1)), batch_size=12, shuffle=True)

    def fit(self, epochs):
        for epoch in range(epochs):
            self.sched.step()  # coach: scheduler-order; fix: self.sched.step()
            for xb, yb in self.loader:
                self.opt.zero_grad()
                F.mse_loss(self.net(xb), yb).backward()
                self.opt.step()


Runner(nn.Linear(3, 1)).fit(4)
