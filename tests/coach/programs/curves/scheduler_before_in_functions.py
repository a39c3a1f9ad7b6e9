import gradbook as torch
from gradbook import nn


def build():
    net = nn.Sequential(nn.Linear(3, 6), nn.ReLU(), nn.Linear(6, 1))
    opt = torch.optim.SGD(net.parameters(), lr=0.05)
    sched = torch.optim.lr_scheduler.MultiStepLR(opt, milestones=[3, 6], gamma=0.3)
    return net, opt, sched


def train_step(net, opt, sched, x, y):
    loss = nn.functional.mse_loss(net(x), y)
    opt.zero_grad()
    loss.backward()
    sched.step()  # coach: scheduler-order; fix: sched.step()
    opt.step()
    return loss.item()


net, opt, sched = build()
x = torch.randn(20, 3)
for i in range(8):
    train_step(net, opt, sched, x, x.mean(1, keepdim=True))
