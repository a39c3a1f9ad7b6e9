import gradbook as torch
import gradbook.nn.functional as F
from gradbook import nn


class Classifier(nn.Module):
    def __init__(self, d, k):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(d, 32), nn.ReLU())
        self.out = nn.Linear(32, k)
        nn.init.normal_(self.out.weight, std=6.0)  # coach: suspicious-initial-loss; fix: std=0.

    def forward(self, x):
        return self.out(self.body(x))


torch.manual_seed(0)
x = torch.randn(120, 16)
y = x[:, :10].argmax(1)
model = Classifier(16, 10)
opt = torch.optim.Adam(model.parameters(), lr=1e-3)
for _ in range(12):
    loss = F.cross_entropy(model(x), y)
    opt.zero_grad()
    loss.backward()
    opt.step()  # coach-also: bad-init
