import gradbook as torch
from gradbook import nn


class AverageMeter:
    def __init__(self):
        self.sum = 0
        self.count = 0

    def update(self, value, n):
        self.sum = self.sum + value * n
        self.count += n


def main():
    model = nn.Linear(3, 1)
    opt = torch.optim.SGD(model.parameters(), lr=0.05)
    meter = AverageMeter()
    for i in range(12):
        xb = torch.randn(8, 3)
        loss = nn.functional.l1_loss(model(xb), xb.sum(1, keepdim=True))
        opt.zero_grad()
        loss.backward()
        opt.step()
        meter.update(loss, len(xb))  # coach: loss-keeps-graph; fix: meter.update(loss.item(), len(xb))
    print(meter.sum / meter.count)


main()
