import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset


class PyramidSegmenter(nn.Module):
    """Encoder, then one 1x1 lateral per level, summed at full size."""

    def __init__(self, widths=(8, 12, 16), n_classes=2):
        super().__init__()
        self.down = nn.ModuleList()
        c = 1
        for w in widths:
            self.down.append(nn.Conv2d(c, w, 3, padding=1))
            c = w
        self.laterals = [nn.Conv2d(w, 8, 1) for w in widths]  # coach: unused-parameters; fix: nn.ModuleList(
        self.predict = nn.Conv2d(8, n_classes, 3, padding=1)

    def forward(self, x):
        size, fused = x.shape[-2:], 0
        for conv, lateral in zip(self.down, self.laterals):
            x = F.relu(conv(x))
            fused = fused + F.interpolate(lateral(x), size=size, mode="nearest")
            x = F.max_pool2d(x, 2)
        return self.predict(F.relu(fused))


def squares(n, s=16):
    mask = torch.zeros(n, s, s, dtype=torch.int64)
    corner = torch.randint(1, 9, (n, 2))
    for i in range(n):
        r, c = corner[i].tolist()
        mask[i, r:r + 7, c:c + 7] = 1
    img = mask.float().unsqueeze(1) * 1.5 + torch.randn(n, 1, s, s)
    return (img - img.mean()) / img.std(), mask


torch.manual_seed(23)
img, mask = squares(128)
loader = DataLoader(TensorDataset(img, mask), batch_size=16, shuffle=True)
seg = PyramidSegmenter()
opt = torch.optim.Adam(seg.parameters(), lr=3e-3)  # coach-also: stale-optimizer
print("parameters:", sum(p.numel() for p in seg.parameters()))
for epoch in range(4):
    seg.train()
    tot = 0.0
    for xb, mb in loader:
        loss = F.cross_entropy(seg(xb), mb)
        opt.zero_grad()
        loss.backward()
        opt.step()
        tot += loss.item()
    print(f"epoch {epoch} ce {tot / len(loader):.4f}")
