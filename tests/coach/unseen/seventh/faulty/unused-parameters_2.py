import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset, random_split

torch.manual_seed(111)


class MixerBlock(nn.Module):
    def __init__(self, tokens, dim):
        super().__init__()
        self.norm_tokens = nn.LayerNorm(dim)
        self.norm_channels = nn.LayerNorm(dim)  # coach-line: unused-parameters
        self.token_mix = nn.Sequential(nn.Linear(tokens, 2 * tokens), nn.GELU(), nn.Linear(2 * tokens, tokens))
        self.channel_mix = nn.Sequential(nn.Linear(dim, 2 * dim), nn.GELU(), nn.Linear(2 * dim, dim))

    def forward(self, x):
        mixed = self.token_mix(self.norm_tokens(x).transpose(1, 2)).transpose(1, 2)
        x = x + mixed
        return x + self.channel_mix(self.norm_tokens(x))  # coach: unused-parameters; fix: self.norm_channels(x)


class Mixer(nn.Module):
    def __init__(self, tokens=6, d_in=4, dim=16, classes=3, depth=2):
        super().__init__()
        self.proj = nn.Linear(d_in, dim)
        self.blocks = nn.ModuleList([MixerBlock(tokens, dim) for _ in range(depth)])
        self.norm = nn.LayerNorm(dim)
        self.head = nn.Linear(dim, classes)

    def forward(self, x):
        h = self.proj(x)
        for blk in self.blocks:
            h = blk(h)
        return self.head(self.norm(h).mean(dim=1))


x = torch.randn(640, 6, 4)
y = (x.mean(1) @ torch.randn(4, 3)).argmax(1)
train, val = random_split(TensorDataset(x, y), [512, 128])
train_loader = DataLoader(train, batch_size=32, shuffle=True)
val_loader = DataLoader(val, batch_size=32)
model = Mixer()
opt = torch.optim.AdamW(model.parameters(), lr=3e-3)
for epoch in range(3):
    model.train()
    for xb, yb in train_loader:
        loss = F.cross_entropy(model(xb), yb)
        opt.zero_grad()
        loss.backward()
        opt.step()
    model.eval()
    with torch.no_grad():
        acc = sum((model(xb).argmax(1) == yb).sum().item() for xb, yb in val_loader) / 128
    print(epoch, round(loss.item(), 3), acc)
