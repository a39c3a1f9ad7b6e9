import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset, random_split

torch.manual_seed(131)


class DeepNet(nn.Module):
    def __init__(self, dim, width, depth, classes):
        super().__init__()
        sizes = [dim] + [width] * depth
        self.blocks = nn.ModuleList([
            nn.Sequential(nn.Linear(a, b), nn.ReLU()) for a, b in zip(sizes, sizes[1:])
        ])
        self.head = nn.Linear(width, classes)

    def forward(self, x):
        for block in self.blocks:
            x = block(x)
        return self.head(x)


def layerwise_groups(model, base_lr):
    """The head learns at base_lr, each block below it a little more slowly."""
    groups = [{"params": model.head.parameters(), "lr": base_lr}]
    for depth, block in enumerate(reversed(model.blocks), start=1):
        groups.append({"params": block.parameters(), "lr": base_lr * 0.01 ** depth})  # coach: update-ratio-low; fix: lr
    return groups


x = torch.randn(1200, 16)
y = (torch.tanh(x @ torch.randn(16, 10)) @ torch.randn(10, 4)).argmax(1)
train, val = random_split(TensorDataset(x, y), [960, 240])
train_loader = DataLoader(train, batch_size=48, shuffle=True)
val_loader = DataLoader(val, batch_size=48)

model = DeepNet(16, 48, depth=3, classes=4)
opt = torch.optim.AdamW(layerwise_groups(model, base_lr=3e-3), lr=3e-3)  # coach-line: update-ratio-low
history = []
for epoch in range(6):  # coach-also: learning-rate-too-low
    model.train()
    for xb, yb in train_loader:
        loss = F.cross_entropy(model(xb), yb)
        opt.zero_grad()
        loss.backward()
        opt.step()
    model.eval()
    with torch.no_grad():
        acc = sum((model(xb).argmax(1) == yb).sum().item() for xb, yb in val_loader) / 240
    history.append({"epoch": epoch, "loss": round(loss.item(), 3), "acc": round(acc, 3)})
    print(history[-1])
