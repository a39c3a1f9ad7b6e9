import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(99)


class PatchEmbed(nn.Module):
    def __init__(self, dim, patch=4):
        super().__init__()
        self.proj = nn.Conv2d(1, dim, patch, stride=patch)

    def forward(self, x):
        return self.proj(x).flatten(2).transpose(1, 2)


class MiniMixer(nn.Module):
    def __init__(self, dim=24, tokens=9, classes=3):
        super().__init__()
        self.embed = PatchEmbed(dim)
        self.norm1, self.norm2 = nn.LayerNorm(dim), nn.LayerNorm(dim)
        self.token = nn.Sequential(nn.Linear(tokens, 18), nn.GELU(), nn.Linear(18, tokens))
        self.channel = nn.Sequential(nn.Linear(dim, 48), nn.GELU(), nn.Linear(48, dim))
        self.head = nn.Linear(dim, classes)

    def forward(self, x):
        h = self.embed(x)
        h = h + self.token(self.norm1(h).transpose(1, 2)).transpose(1, 2)
        h = h + self.channel(self.norm2(h))
        return self.head(h.mean(1))


y = torch.randint(0, 3, (240,))
x = torch.randn(240, 1, 12, 12)
for c in range(3):
    x[y == c, :, 4 * c:4 * c + 4, :] += 0.8
x = (x - x.mean()) / x.std()
loader = DataLoader(TensorDataset(x, y), batch_size=24, shuffle=True)
images, labels = next(iter(loader))  # coach-line: repeated-batch
print("batch", tuple(images.shape), tuple(labels.shape))

model = MiniMixer()
opt = torch.optim.AdamW(model.parameters(), lr=1e-3)
model.train()
for epoch in range(5):
    for step in range(len(loader)):  # coach: repeated-batch; fix: in loader
        opt.zero_grad()
        loss = F.cross_entropy(model(images), labels)
        loss.backward()
        opt.step()
    print(f"epoch {epoch} loss {loss.item():.4f}")
