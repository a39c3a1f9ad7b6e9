import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset


class Detector(nn.Module):
    def __init__(self, classes=3):
        super().__init__()
        self.trunk = nn.Sequential(nn.Conv2d(1, 8, 3, stride=2, padding=1), nn.ReLU(), nn.Conv2d(8, 16, 3, stride=2, padding=1), nn.ReLU(), nn.Flatten())
        self.cls_head = nn.Linear(16 * 16, classes)
        self.box_head = nn.Linear(16 * 16, 4)

    def forward(self, x):
        f = self.trunk(x)
        return self.cls_head(f), torch.sigmoid(self.box_head(f))


def scenes(n, s=16):
    kind = torch.randint(0, 3, (n,))
    corner = torch.randint(0, 10, (n, 2))
    img = 0.3 * torch.randn(n, 1, s, s)
    boxes = torch.zeros(n, 4)
    for i in range(n):
        r, c = corner[i].tolist()
        img[i, 0, r:r + 6, c:c + 6] += 1.0 + float(kind[i])
        boxes[i] = torch.tensor([r, c, r + 6, c + 6]) / s
    return TensorDataset((img - img.mean()) / img.std(), kind, boxes)


torch.manual_seed(12)
loader = DataLoader(scenes(160), batch_size=20, shuffle=True)
model = Detector()
optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3)
for epoch in range(4):
    model.train()
    for img, kind, boxes in loader:
        logits, pred = model(img)
        cls_loss = F.cross_entropy(logits, kind)
        box_loss = F.smooth_l1_loss(pred, boxes)
        optimizer.zero_grad()
        cls_loss.backward()  # coach: backward-twice
        box_loss.backward()  # coach-line: backward-twice
        optimizer.step()
    print(f"epoch {epoch} cls {cls_loss.item():.3f} box {box_loss.item():.4f}")
