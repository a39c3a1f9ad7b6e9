import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, Dataset


class Scenes(Dataset):
    def __init__(self, n, size=16, seed=0):
        g = torch.Generator().manual_seed(seed)
        self.img = 0.4 * torch.randn(n, 1, size, size, generator=g)
        self.has = (torch.rand(n, generator=g) < 0.6)
        self.kind = torch.randint(0, 2, (n,), generator=g)
        self.box = torch.zeros(n, 4)
        pos = torch.randint(1, 9, (n, 2), generator=g)
        for i in range(n):
            if self.has[i]:
                r, c = pos[i].tolist()
                h, w = (6, 3) if self.kind[i] else (3, 6)
                self.img[i, 0, r:r + h, c:c + w] += 2.0
                self.box[i] = torch.tensor([r, c, h, w]) / size
        self.img = (self.img - self.img.mean()) / self.img.std()

    def __len__(self):
        return len(self.img)

    def __getitem__(self, i):
        return self.img[i], {"obj": self.has[i].float(), "cls": self.kind[i], "box": self.box[i]}


class OneBoxNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.trunk = nn.Sequential(nn.Conv2d(1, 8, 3, stride=2, padding=1), nn.ReLU(), nn.Conv2d(8, 16, 3, stride=2, padding=1), nn.ReLU(), nn.Flatten(), nn.Linear(256, 48), nn.ReLU())
        self.heads = nn.ModuleDict({"obj": nn.Linear(48, 1), "cls": nn.Linear(48, 2), "box": nn.Linear(48, 4)})

    def forward(self, x):
        f = self.trunk(x)
        return {k: head(f) for k, head in self.heads.items()}


def detection_loss(out, target, w):
    pos = target["obj"] > 0.5
    losses = {"obj": F.binary_cross_entropy_with_logits(out["obj"].squeeze(1), target["obj"])}
    if pos.any():
        losses["cls"] = F.cross_entropy(out["cls"][pos], target["cls"][pos])
        losses["box"] = F.smooth_l1_loss(out["box"][pos].sigmoid(), target["box"][pos], beta=0.1)
    return sum(w[k] * v for k, v in losses.items()), {k: v.item() for k, v in losses.items()}


torch.manual_seed(0)
loader = DataLoader(Scenes(160), batch_size=16, shuffle=True)
net = OneBoxNet()
opt = torch.optim.AdamW(net.parameters(), lr=3e-3)
for epoch in range(5):
    net.train()
    for img, target in loader:
        loss, parts = detection_loss(net(img), target, {"obj": 1.0, "cls": 1.0, "box": 2.0})
        opt.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 5.0)
        opt.step()
    print(epoch, {k: round(v, 3) for k, v in parts.items()})
