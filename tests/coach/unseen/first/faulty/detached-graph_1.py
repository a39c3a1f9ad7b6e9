import gradbook as torch
from gradbook import nn
torch.manual_seed(0)
class TwoStage(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Linear(7, 16)
        self.head = nn.Linear(16, 3)
    def forward(self, x):
        h = torch.relu(self.embed(x))
        h = torch.tensor(h.tolist())  # coach: detached-graph
        return self.head(h)
X = torch.randn(150, 7)
y = X[:, :3].argmax(1)
net = TwoStage()
opt = torch.optim.Adam(net.parameters(), lr=1e-2)
ce = nn.CrossEntropyLoss()
for ep in range(15):
    sel = torch.randperm(150)[:50]
    opt.zero_grad()
    loss = ce(net(X[sel]), y[sel])
    loss.backward()
    opt.step()
    if ep % 5 == 0: print(ep, loss.item())
# coach-also: unused-parameters, stale-optimizer
