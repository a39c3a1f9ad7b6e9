import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(7)
CFG = dict(width=16, classes=4, base_lr=2e-3, epochs=8, batch=32)


def make_images(n):
    y = torch.randint(0, CFG["classes"], (n,))
    x = torch.randn(n, 1, 12, 12)
    for i in range(n):
        r, c = divmod(int(y[i]), 2)
        x[i, 0, 6 * r:6 * r + 6, 6 * c:6 * c + 6] += 0.3
    return (x - x.mean()) / x.std(), y


def build_backbone(w):
    return nn.Sequential(
        nn.Conv2d(1, w, 3, padding=1, bias=False), nn.BatchNorm2d(w), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(w, 2 * w, 3, padding=1, bias=False), nn.BatchNorm2d(2 * w), nn.ReLU(), nn.AdaptiveAvgPool2d(2), nn.Flatten(),
    )


class Classifier(nn.Module):
    def __init__(self, w, classes):
        super().__init__()
        self.backbone = build_backbone(w)
        self.head = nn.Linear(8 * w, classes)

    def forward(self, x):
        return self.head(self.backbone(x))


def build_optimizer(model, lr):
    groups = [
        {"params": model.backbone.parameters(), "lr": lr},
        {"params": model.head.parameters(), "lr": lr * 100},  # coach: update-ratio-high
    ]
    return torch.optim.Adam(groups)


x, y = make_images(256)
loader = DataLoader(TensorDataset(x, y), batch_size=CFG["batch"], shuffle=True)
net = Classifier(CFG["width"], CFG["classes"])
optimizer = build_optimizer(net, CFG["base_lr"])  # coach-also: learning-rate-too-high
net.train()
for epoch in range(CFG["epochs"]):
    running = 0.0
    for xb, yb in loader:
        loss = F.cross_entropy(net(xb), yb)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        running += loss.item()
    print(f"epoch {epoch}: {running / len(loader):.4f}")
