"""Swin-like attention in windows: the image is cut by view and permute and put together again."""
import gradbook as torch
from gradbook import nn

torch.manual_seed(0)
W = 4


def window_partition(x, w):
    B, H, Wd, C = x.shape
    x = x.view(B, H // w, w, Wd // w, w, C)
    return x.permute(0, 1, 3, 2, 4, 5).contiguous().view(-1, w * w, C)


def window_reverse(windows, w, B, H, Wd):
    x = windows.view(B, H // w, Wd // w, w, w, -1)
    return x.permute(0, 1, 3, 2, 4, 5).contiguous().view(B, H, Wd, -1)


class WindowBlock(nn.Module):
    def __init__(self, dim, heads):
        super().__init__()
        self.norm = nn.LayerNorm(dim)
        self.attn = nn.MultiheadAttention(dim, heads, batch_first=True)
        self.mlp = nn.Sequential(nn.LayerNorm(dim), nn.Linear(dim, 2 * dim), nn.GELU(), nn.Linear(2 * dim, dim))

    def forward(self, x):
        B, H, Wd, _ = x.shape
        win = window_partition(self.norm(x), W)
        out, _ = self.attn(win, win, win, need_weights=False)
        x = x + window_reverse(out, W, B, H, Wd)
        return x + self.mlp(x)


class TinySwin(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Linear(1, 16)
        self.block = WindowBlock(16, 2)
        self.head = nn.Linear(16, 3)

    def forward(self, img):
        x = self.stem(img.permute(0, 2, 3, 1))
        return self.head(self.block(x).mean(dim=(1, 2)))


templates = torch.randn(3, 1, 8, 8)
y = torch.randint(0, 3, (96,))
x = templates[y] + 0.3 * torch.randn(96, 1, 8, 8)
model = TinySwin()
opt = torch.optim.AdamW(model.parameters(), lr=5e-3)
loss_fn = nn.CrossEntropyLoss()
for epoch in range(8):
    total = 0.0
    for idx in torch.randperm(96).split(24):
        opt.zero_grad()
        loss = loss_fn(model(x[idx]), y[idx])
        loss.backward()
        opt.step()
        total += loss.item() / 4
    print(epoch, round(total, 4))
