import gradbook as torch
import gradbook.nn.functional as F
from gradbook import nn
from gradbook.autograd import Variable


class Classifier(nn.Module):
    def __init__(self, hidden):
        super().__init__()
        self.hidden = nn.Linear(10, hidden)
        self.out = nn.Linear(hidden, 3)

    def forward(self, x):
        return self.out(torch.tanh(self.hidden(x)))


net = Classifier(16)
opt = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
X, Y = torch.randn(60, 10), torch.randint(0, 3, (60,))
for i in range(0, 60, 10):
    opt.zero_grad()
    logits = net(X[i : i + 10])
    loss = F.cross_entropy(logits, Y[i : i + 10])
    loss = Variable(loss.data, requires_grad=True)  # coach: detached-graph; fix: loss.backward()
    loss.backward()
    opt.step()
