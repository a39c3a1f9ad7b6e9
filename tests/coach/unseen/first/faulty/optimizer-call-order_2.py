import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
torch.manual_seed(3)

def spiral(n):
    r = torch.rand(n) * 2 + 0.2
    c = torch.randint(0, 2, (n,))
    a = r * 2 + c * 3.1416
    return torch.stack([r * a.cos(), r * a.sin()], 1), c

class Net(nn.Module):
    def __init__(self):
        super(Net, self).__init__()
        self.fc1 = nn.Linear(2, 64)
        self.fc2 = nn.Linear(64, 2)
    def forward(self, x):
        return self.fc2(F.relu(self.fc1(x)))

net = Net()
optimizer = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
X, y = spiral(400)
for epoch in range(20):
    idx = torch.randperm(400)[:64]
    optimizer.zero_grad()
    loss = F.cross_entropy(net(X[idx]), y[idx])
    optimizer.step()  # coach: optimizer-call-order; fix: loss.backward()
    loss.backward()
    if epoch % 5 == 0:
        print('Epoch', epoch, 'loss', loss.item())
# coach-also: stale-optimizer, loss-plateau
