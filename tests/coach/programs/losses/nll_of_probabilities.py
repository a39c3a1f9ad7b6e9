import gradbook as torch
import gradbook.nn.functional as F
from gradbook import nn


class M(nn.Module):
    def __init__(self):
        super().__init__()
        self.l1 = nn.Linear(7, 14)
        self.l2 = nn.Linear(14, 3)

    def forward(self, x):
        return F.softmax(self.l2(F.relu(self.l1(x))), dim=1)  # coach: log-softmax-missing-for-nll; fix: F.log_softmax(


m = M()
o = torch.optim.Adam(m.parameters(), lr=0.01)
a, b = torch.randn(30, 7), torch.randint(0, 3, (30,))
for step in range(5):
    loss = F.nll_loss(m(a), b)
    o.zero_grad()
    loss.backward()
    o.step()
