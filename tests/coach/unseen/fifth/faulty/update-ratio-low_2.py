import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(5)

centres = torch.randn(6, 24)
labels = torch.randint(0, 6, (960,))
feats = centres[labels] + 0.8 * torch.randn(960, 24)


class SpeakerNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.trunk = nn.Sequential(nn.Linear(24, 48), nn.ReLU(), nn.Linear(48, 32), nn.ReLU())
        self.head = nn.Linear(32, 6)

    def forward(self, x):
        return self.head(self.trunk(x))


model = SpeakerNet()
criterion = nn.CrossEntropyLoss()
opt = torch.optim.SGD([
    {"params": model.head.parameters(), "lr": 0.05},
    {"params": model.trunk.parameters(), "lr": 5e-8},  # coach: update-ratio-low
], lr=0.05, momentum=0.9)  # coach-also: learning-rate-too-low

dl = DataLoader(TensorDataset(feats, labels), batch_size=64, shuffle=True)
for epoch in range(8):
    for xb, yb in dl:
        opt.zero_grad()
        loss = criterion(model(xb), yb)
        loss.backward()
        opt.step()
    print(epoch, round(loss.item(), 4))
