import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F

torch.manual_seed(22)
config = {
    "batch_size": 32,
    "lr": 0.7,  # coach: learning-rate-too-high
    "weight_decay": 1e-4,
    "steps": 45,
    "hidden": 48,
}


class Classifier(nn.Module):
    def __init__(self, hidden):
        super().__init__()
        self.a = nn.Linear(10, hidden)
        self.b = nn.Linear(hidden, hidden)
        self.c = nn.Linear(hidden, 4)

    def forward(self, x):
        x = F.relu(self.a(x))
        x = F.relu(self.b(x))
        return self.c(x)


x_all = torch.randn(320, 10)
y_all = (x_all[:, :4] + 0.3 * x_all[:, 4:8]).argmax(dim=1)
model = Classifier(config["hidden"])
optimizer = torch.optim.AdamW(model.parameters(), lr=config["lr"], weight_decay=config["weight_decay"])
for step in range(config["steps"]):
    b = torch.randint(0, 320, (config["batch_size"],))
    loss = F.cross_entropy(model(x_all[b]), y_all[b])
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 5 == 0:
        print(step, loss.item())
# coach-also: loss-diverged, exploding-gradients, update-ratio-high, dead-relu, loss-plateau
