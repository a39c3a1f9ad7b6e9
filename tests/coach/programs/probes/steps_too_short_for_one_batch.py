import gradbook as torch
from gradbook import nn


class Runner:
    def __init__(self, model):
        self.model = model
        self.optimizer = torch.optim.SGD(model.parameters(), lr=1e-7)  # coach: cannot-overfit-batch; fix: lr=
        self.loss = nn.CrossEntropyLoss()

    def memorise(self, x, y, steps):
        for _ in range(steps):
            self.optimizer.zero_grad()
            self.loss(self.model(x), y).backward()
            self.optimizer.step()  # coach-also: learning-rate-too-low, update-ratio-low, loss-plateau


torch.manual_seed(0)
few, kinds = torch.randn(12, 8), torch.randint(0, 3, (12,))
Runner(nn.Sequential(nn.Linear(8, 40), nn.Tanh(), nn.Linear(40, 3))).memorise(few, kinds, 90)
