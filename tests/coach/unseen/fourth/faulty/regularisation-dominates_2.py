import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset


class GatedNet(nn.Module):
    def __init__(self, d=16, h=40, classes=4):
        super().__init__()
        self.fc1 = nn.Linear(d, h)
        self.fc2 = nn.Linear(h, h)
        self.out = nn.Linear(h, classes)

    def forward(self, x):
        h = F.relu(self.fc1(x))
        return self.out(F.relu(self.fc2(h)))

    def sparsity(self):
        return sum(p.abs().sum() for n, p in self.named_parameters() if n.endswith("weight"))


torch.manual_seed(9)
y = torch.randint(0, 4, (240,))
x = torch.randn(4, 16)[y] + 0.8 * torch.randn(240, 16)
x = (x - x.mean(0)) / x.std(0)
train = DataLoader(TensorDataset(x[:200], y[:200]), batch_size=20, shuffle=True)
vx, vy = x[200:], y[200:]

net = GatedNet()  # coach-also: constant-predictions
opt = torch.optim.Adam(net.parameters(), lr=1e-3)
for epoch in range(12):
    net.train()
    task_sum = reg_sum = 0.0
    for xb, yb in train:
        task = F.cross_entropy(net(xb), yb)
        reg = net.sparsity()
        loss = task + 0.5 * reg  # coach: regularisation-dominates
        opt.zero_grad()
        loss.backward()
        opt.step()
        task_sum += task.item()
        reg_sum += reg.item()
    net.eval()
    with torch.no_grad():
        acc = (net(vx).argmax(1) == vy).float().mean().item()
    print(f"epoch {epoch}: task {task_sum / len(train):.3f} l1 {reg_sum / len(train):.1f} acc {acc:.2f}")
