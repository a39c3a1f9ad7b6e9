import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Linear(6, 32), nn.Linear(32, 4)

    def forward(self, x):
        h = torch.relu(self.a(x))
        return self.b(h.mean(dim=0, keepdim=True).expand(h.shape))  # coach: cannot-overfit-batch


def overfit(model, batch, steps=80):
    opt = torch.optim.Adam(model.parameters(), lr=5e-3)
    x, y = batch
    for _ in range(steps):
        loss = F.cross_entropy(model(x), y)
        opt.zero_grad()
        loss.backward()
        opt.step()  # coach-also: constant-predictions, batch-leak, batch-axis-mixed
    return loss.item()


torch.manual_seed(0)
x = torch.randn(16, 6)
print(overfit(Net(), (x, torch.arange(16) % 4)))
