import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F


class TwoStage(nn.Module):
    def __init__(self, n_in=10, n_hidden=20, n_out=4):
        super().__init__()
        self.stem = nn.Linear(n_in, n_hidden)
        self.mid = nn.Linear(n_hidden, n_hidden)
        self.classifier = nn.Linear(n_hidden, n_out)

    def forward(self, x):
        h = F.relu(self.stem(x)).data  # coach: detached-graph
        h = F.relu(self.mid(h))
        return self.classifier(h)


torch.manual_seed(8)
target = torch.randint(0, 4, (200,))
inp = torch.randn(200, 10) + F.one_hot(target, 10).float() * 2
inp = (inp - inp.mean(0)) / inp.std(0)
net = TwoStage()
sgd = torch.optim.SGD(net.parameters(), lr=0.1)

for it in range(30):
    batch = torch.randint(0, 200, (50,))
    sgd.zero_grad()
    loss = F.cross_entropy(net(inp[batch]), target[batch])
    loss.backward()
    sgd.step()
    if it % 6 == 0:
        print("iter", it, "loss", loss.item())
# coach-also: unused-parameters, stale-optimizer
