import gradbook as torch
import gradbook.nn.functional as F
from gradbook import nn

torch.manual_seed(1)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv1d(1, 8, 5, padding=2)
        self.fc = nn.Linear(8, 3)

    def forward(self, x):
        return self.fc(F.relu(self.conv(x)).amax(-1))


def gather_recordings(per_class=60, length=30):
    waves, kinds = [], []
    grid = torch.arange(length).float()
    for kind, freq in enumerate((0.3, 0.9, 1.8)):
        for _ in range(per_class):
            waves.append(torch.sin(freq * grid + 6 * torch.rand(1)) + 0.2 * torch.randn(length))
            kinds.append(kind)
    return torch.stack(waves).unsqueeze(1), torch.tensor(kinds)


waves, kinds = gather_recordings()
net = Net()
opt = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9)
batch_size = 20
for epoch in range(6):
    epoch_loss = 0.0
    for start in range(0, len(waves), batch_size):  # coach: not-shuffled
        xb = waves[start:start + batch_size]
        yb = kinds[start:start + batch_size]
        opt.zero_grad()
        loss = F.cross_entropy(net(xb), yb)
        loss.backward()
        opt.step()
        epoch_loss += loss.item()
    print(epoch, epoch_loss / 9)
# coach-also: class-imbalance
