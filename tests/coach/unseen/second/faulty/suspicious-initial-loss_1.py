import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F

torch.manual_seed(45)
TEMPERATURE = 0.02  # coach: suspicious-initial-loss


class Classifier(nn.Module):
    def __init__(self, d, n):
        super().__init__()
        self.fc1 = nn.Linear(d, 32)
        self.fc2 = nn.Linear(32, n)

    def forward(self, x):
        return self.fc2(F.relu(self.fc1(x))) / TEMPERATURE


y = torch.randint(0, 5, (250,))
x = torch.randn(250, 12)
x[torch.arange(250), y] += 2.0
model = Classifier(12, 5)
opt = torch.optim.SGD(model.parameters(), lr=1e-3)
for epoch in range(6):
    losses = []
    for b in torch.randperm(250).split(25):
        loss = F.cross_entropy(model(x[b]), y[b])
        opt.zero_grad()
        loss.backward()
        opt.step()
        losses.append(loss.item())
    print(epoch, "first", round(losses[0], 3), "mean", round(sum(losses) / len(losses), 3))
# coach-also: learning-rate-too-high, exploding-gradients, bad-init
