import gradbook as torch
import gradbook.nn as nn

net = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 2))
X = torch.randn(40, 4)
Y = torch.randint(0, 2, (40,))


def finetune(net):
    net.eval()
    with torch.no_grad():
        print(nn.functional.cross_entropy(net(X), Y).item())
    o = torch.optim.SGD(net.parameters(), 0.01)
    for i in range(6):
        o.zero_grad()
        nn.functional.cross_entropy(net(X), Y).backward()
        o.step()


finetune(net)
