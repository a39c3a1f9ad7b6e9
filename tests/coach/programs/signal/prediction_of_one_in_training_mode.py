import gradbook as torch
import gradbook.nn as nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden = nn.Linear(3, 10, bias=False)
        self.norm = nn.BatchNorm1d(10)
        self.out = nn.Linear(10, 1)

    def forward(self, x):
        return self.out(torch.relu(self.norm(self.hidden(x))))


net = Net()
optimizer = torch.optim.SGD(net.parameters(), lr=0.01)
X, y = torch.randn(40, 3), torch.randn(40, 1)
for _ in range(5):
    optimizer.zero_grad()
    ((net(X) - y) ** 2).mean().backward()
    optimizer.step()

sample = torch.tensor([[0.1, 0.2, 0.3]])
with torch.no_grad():
    prediction = net(sample)  # coach: batchnorm-batch-of-one; fix: net.eval()
print(prediction)
