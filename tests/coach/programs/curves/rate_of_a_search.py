import gradbook as torch
from gradbook import nn

torch.manual_seed(0)
x = torch.randn(64, 4)
y = x.sum(1, keepdim=True)


def experiment(hyper):
    net = nn.Linear(4, 1)
    opt = torch.optim.SGD(net.parameters(), lr=hyper["lr"], momentum=hyper.get("momentum", 0.9))
    for _ in range(25):
        opt.zero_grad()
        loss = ((net(x) - y) ** 2).mean()
        loss.backward()
        opt.step()
    return loss.item()


print(experiment({"lr": 7.5}))  # coach: learning-rate-too-high; fix: {"lr": 0.
