import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(31)


class EncoderBlock(nn.Module):
    def __init__(self, dim, heads=2):
        super().__init__()
        self.norm1 = nn.LayerNorm(dim)
        self.attn = nn.MultiheadAttention(dim, heads, batch_first=True)
        self.norm2 = nn.LayerNorm(dim)
        self.ff = nn.Sequential(nn.Linear(dim, 2 * dim), nn.GELU(), nn.Linear(2 * dim, dim))

    def forward(self, x):
        n = self.norm1(x)
        x = x + self.attn(n, n, n, need_weights=False)[0]
        return x + self.ff(self.norm2(x))


class PatchClassifier(nn.Module):
    def __init__(self, patch_dim, n_patches, n_classes, dim=24, depth=3):
        super().__init__()
        self.embed = nn.Linear(patch_dim, dim)
        self.cls = nn.Parameter(torch.randn(1, 1, dim) * 0.02)
        self.pos = nn.Parameter(torch.randn(1, n_patches + 1, dim) * 0.02)
        self.blocks = [EncoderBlock(dim) for _ in range(depth)]  # coach: unused-parameters; fix: nn.ModuleList
        self.norm = nn.LayerNorm(dim)
        self.head = nn.Linear(dim, n_classes)

    def forward(self, img):
        p = img.unfold(1, 4, 4).unfold(2, 4, 4).reshape(img.size(0), -1, 16)
        x = torch.cat([self.cls.expand(img.size(0), -1, -1), self.embed(p)], dim=1) + self.pos
        for block in self.blocks:
            x = block(x)
        return self.head(self.norm(x[:, 0]))


y = torch.randint(0, 5, (320,))
x = torch.randn(5, 12, 12)[y] + 0.7 * torch.randn(320, 12, 12)
x = (x - x.mean()) / x.std()
loader = DataLoader(TensorDataset(x, y), batch_size=40, shuffle=True)

vit = PatchClassifier(16, 9, 5)
print(sum(p.numel() for p in vit.parameters()), "parameters")
opt = torch.optim.AdamW(vit.parameters(), lr=2e-3)  # coach-also: stale-optimizer
for epoch in range(6):
    losses = []
    for xb, yb in loader:
        loss = F.cross_entropy(vit(xb), yb)
        opt.zero_grad()
        loss.backward()
        opt.step()
        losses.append(loss.item())
    print(f"epoch {epoch}: {sum(losses) / len(losses):.3f}")
