# pretrain a small CNN on six patterns, then fine-tune a new head on three others
import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import Dataset, DataLoader

torch.manual_seed(19)


class Patterns(Dataset):
    def __init__(self, templates, n):
        self.y = torch.randint(0, len(templates), (n,))
        self.x = (templates[self.y] + 0.6 * torch.randn(n, 8, 8)).unsqueeze(1)

    def __len__(self):
        return len(self.y)

    def __getitem__(self, i):
        return self.x[i], self.y[i]


class Net(nn.Module):
    def __init__(self, n_classes):
        super().__init__()
        self.backbone = nn.Sequential(
            nn.Conv2d(1, 8, 3, padding=1, bias=False), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
        )
        self.head = nn.Linear(8 * 4 * 4, n_classes)

    def forward(self, x):
        return self.head(self.backbone(x))


def fit(net, dl, opt, epochs, frozen=False):
    for epoch in range(epochs):
        net.train()
        if frozen:
            net.backbone.eval()
        total = 0.0
        for x, y in dl:
            opt.zero_grad()
            loss = F.cross_entropy(net(x), y)
            loss.backward()
            opt.step()
            total += loss.item()
        print(f"epoch {epoch} loss {total / len(dl):.4f}")


source, target = torch.randn(6, 8, 8), torch.randn(3, 8, 8)
net = Net(6)
fit(net, DataLoader(Patterns(source, 384), batch_size=32, shuffle=True), torch.optim.Adam(net.parameters(), lr=3e-3), 3)

for p in net.backbone.parameters():
    p.requires_grad_(False)
net.head = nn.Linear(8 * 4 * 4, 3)
head_opt = torch.optim.Adam(net.head.parameters(), lr=3e-3)
target_dl = DataLoader(Patterns(target, 192), batch_size=32, shuffle=True)
fit(net, target_dl, head_opt, 3, frozen=True)

for p in net.backbone.parameters():
    p.requires_grad_(True)
full_opt = torch.optim.Adam([
    {"params": net.backbone.parameters(), "lr": 1e-4},
    {"params": net.head.parameters(), "lr": 1e-3},
])
fit(net, target_dl, full_opt, 2)
