"""A very small ViT: 4x4 patches of 12x12 pictures."""
import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(10)


class TinyViT(nn.Module):
    def __init__(self, dim=32, classes=4):
        super().__init__()
        self.patch = nn.Conv2d(1, dim, 4, stride=4)
        self.cls = nn.Parameter(torch.randn(1, 1, dim) * 0.02)
        self.pos = nn.Parameter(torch.randn(1, 10, dim) * 0.02)
        self.block = nn.TransformerEncoderLayer(dim, 4, 64, dropout=0.0, batch_first=True)
        self.norm = nn.LayerNorm(dim)
        self.head = nn.Linear(dim, classes)

    def forward(self, x):
        t = self.patch(x).flatten(2).transpose(1, 2)
        t = torch.cat([self.cls.expand(len(x), -1, -1), t], 1) + self.pos
        t = self.norm(self.block(t))[:, 0]
        return self.head(t).softmax(dim=-1)  # coach: softmax-before-cross-entropy; fix: return self.head(t)


lab = torch.arange(400) % 4
tile = torch.randn(4, 1, 4, 4)
pic = torch.randn(400, 1, 12, 12) + 0.7 * tile[lab].repeat(1, 1, 3, 3)
pic = (pic - pic.mean()) / pic.std()
dl = DataLoader(TensorDataset(pic, lab), batch_size=40, shuffle=True)

vit = TinyViT()
opt = torch.optim.AdamW(vit.parameters(), lr=3e-3, weight_decay=0.01)
for ep in range(7):
    for xb, yb in dl:
        loss = F.cross_entropy(vit(xb), yb)  # coach-line: softmax-before-cross-entropy
        opt.zero_grad()
        loss.backward()
        opt.step()
    print(ep, f"{loss.item():.3f}")
