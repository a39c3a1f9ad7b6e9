import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset


class AudioTransformer(nn.Module):
    """Frames in (batch, time, mel), one label out per clip."""

    def __init__(self, n_mels=12, dim=24, heads=4, classes=4):
        super().__init__()
        self.inp = nn.Linear(n_mels, dim)
        self.pos = nn.Parameter(0.02 * torch.randn(1, 10, dim))
        self.norm1 = nn.LayerNorm(dim)
        self.attn = nn.MultiheadAttention(dim, heads)  # coach: batch-leak; fix: batch_first=True
        self.norm2 = nn.LayerNorm(dim)
        self.ff = nn.Sequential(nn.Linear(dim, 48), nn.GELU(), nn.Linear(48, dim))
        self.head = nn.Linear(dim, classes)

    def forward(self, frames):
        h = self.inp(frames) + self.pos
        q = self.norm1(h)
        h = h + self.attn(q, q, q, need_weights=False)[0]  # coach-line: batch-leak
        h = h + self.ff(self.norm2(h))
        return self.head(h.mean(dim=1))


torch.manual_seed(64)
label = torch.randint(0, 4, (200,))
proto = torch.randn(4, 10, 12)
frames = 0.5 * proto[label] + torch.randn(200, 10, 12)
frames = (frames - frames.mean()) / frames.std()
train = DataLoader(TensorDataset(frames[:160], label[:160]), batch_size=16, shuffle=True)
net = AudioTransformer()
opt = torch.optim.AdamW(net.parameters(), lr=1e-3)
for epoch in range(6):
    net.train()
    tot = 0.0
    for f, t in train:
        opt.zero_grad()
        loss = F.cross_entropy(net(f), t)
        loss.backward()
        opt.step()
        tot += loss.item() / len(train)
    net.eval()
    with torch.no_grad():
        acc = (net(frames[160:]).argmax(1) == label[160:]).float().mean().item()
    print(f"epoch {epoch}: loss {tot:.3f} acc {acc:.2f}")
