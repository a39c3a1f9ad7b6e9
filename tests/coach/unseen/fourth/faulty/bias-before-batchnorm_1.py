"""1-D convolutional classifier for sensor traces (sine, square, saw)."""
import gradbook as torch
import gradbook.nn as nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(12)
L = 48


def traces(n):
    kind = torch.randint(0, 3, (n,))
    phase = torch.rand(n, 1) * 6.28
    p = torch.linspace(0, 18.84, L).unsqueeze(0) + phase
    waves = torch.stack([torch.sin(p) * 1.4, torch.sign(torch.sin(p)), ((p / 6.283) % 1 - 0.5) * 3.46])
    x = waves[kind, torch.arange(n)] + 0.3 * torch.randn(n, L)
    return x.unsqueeze(1), kind


class TraceNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv1d(1, 12, 5, padding=2, bias=False)
        self.bn1 = nn.BatchNorm1d(12)
        self.conv2 = nn.Conv1d(12, 24, 5, stride=2, padding=2)  # coach: bias-before-batchnorm; fix: bias=False
        self.bn2 = nn.BatchNorm1d(24)
        self.fc = nn.Linear(24, 3)

    def forward(self, x):
        x = torch.relu(self.bn1(self.conv1(x)))
        x = torch.relu(self.bn2(self.conv2(x)))
        return self.fc(x.mean(dim=2))


x, kind = traces(480)
dl = DataLoader(TensorDataset(x, kind), batch_size=48, shuffle=True)
net = TraceNet()
opt = torch.optim.Adam(net.parameters(), lr=5e-3)
for epoch in range(4):
    for xb, kb in dl:
        opt.zero_grad()
        loss = nn.functional.cross_entropy(net(xb), kb)
        loss.backward()
        opt.step()
    print(epoch, loss.item())
