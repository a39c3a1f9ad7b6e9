import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F


class Small(nn.Module):
    def __init__(self):
        super().__init__()
        self.c = nn.Conv2d(1, 16, 3)
        self.f = nn.Linear(16 * 16, 2)

    def forward(self, x):
        return self.f(F.relu(self.c(x)).flatten(1))


def accuracy_and_loss(model, x, y):
    model.eval()
    with torch.no_grad():
        out = model(x)
        return (out.argmax(1) == y).float().mean().item(), F.cross_entropy(out, y).item()


torch.manual_seed(2)
tx, vx = torch.randn(24, 1, 6, 6), torch.randn(60, 1, 6, 6)
ty, vy = torch.randint(0, 2, (24,)), torch.randint(0, 2, (60,))
model = Small()
opt = torch.optim.Adam(model.parameters(), lr=1e-2)
log = []
epoch = 0
while epoch < 40:  # coach: overfitting; fix: weight_decay
    model.train()
    opt.zero_grad()
    F.cross_entropy(model(tx), ty).backward()
    opt.step()
    log.append(accuracy_and_loss(model, vx, vy))
    epoch += 1
