import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F

torch.manual_seed(31)


class PairScorer(nn.Module):
    def __init__(self):
        super().__init__()
        self.tower = nn.Sequential(nn.Linear(10, 32), nn.ReLU(), nn.Linear(32, 8))

    def forward(self, left, right):
        a = F.normalize(self.tower(left), dim=-1)
        b = F.normalize(self.tower(right), dim=-1)
        return a @ b.T / 0.2


def pairs(n):
    base = torch.randn(n, 10)
    return base + 0.2 * torch.randn(n, 10), base + 0.2 * torch.randn(n, 10)


def recall_at_1(model, left, right):
    model.eval()
    torch.set_grad_enabled(False)  # coach: training-under-no-grad
    scores = model(left, right)
    return (scores.argmax(1) == torch.arange(len(left))).float().mean().item()  # coach-line: training-under-no-grad


model = PairScorer()
opt = torch.optim.Adam(model.parameters(), lr=2e-3)
val_left, val_right = pairs(40)
for epoch in range(5):
    model.train()
    for _ in range(8):
        left, right = pairs(32)
        scores = model(left, right)
        labels = torch.arange(32)
        loss = 0.5 * (F.cross_entropy(scores, labels) + F.cross_entropy(scores.T, labels))
        opt.zero_grad()
        loss.backward()  # coach-also: nothing-requires-grad
        opt.step()
    print(epoch, loss.item(), recall_at_1(model, val_left, val_right))
