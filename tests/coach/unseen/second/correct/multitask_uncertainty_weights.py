"""Two tasks with learned log-variances as loss weights (Kendall et al.)."""
import gradbook as torch
import gradbook.nn.functional as F
from gradbook import nn

torch.manual_seed(0)


class MultiTask(nn.Module):
    def __init__(self):
        super().__init__()
        self.trunk = nn.Sequential(nn.Linear(6, 32), nn.ReLU())
        self.regression = nn.Linear(32, 1)
        self.classifier = nn.Linear(32, 3)
        self.log_var = nn.Parameter(torch.zeros(2))

    def forward(self, x):
        h = self.trunk(x)
        return self.regression(h).squeeze(-1), self.classifier(h)

    def combine(self, losses):
        losses = torch.stack(losses)
        return (torch.exp(-self.log_var) * losses + 0.5 * self.log_var).sum()


x = torch.randn(300, 6)
y_reg = x[:, 0] - 0.5 * x[:, 1] + 0.1 * torch.randn(300)
y_cls = x[:, 2:5].argmax(1)

model = MultiTask()
opt = torch.optim.Adam(model.parameters(), lr=5e-3)
for epoch in range(10):
    sums = [0.0, 0.0]
    for idx in torch.randperm(300).split(50):
        reg, cls = model(x[idx])
        parts = [F.mse_loss(reg, y_reg[idx]), F.cross_entropy(cls, y_cls[idx])]
        loss = model.combine(parts)
        opt.zero_grad()
        loss.backward()
        opt.step()
        for i, p in enumerate(parts):
            sums[i] += p.item() / 6
    print(epoch, [round(s, 4) for s in sums], [round(v, 3) for v in model.log_var.tolist()])
