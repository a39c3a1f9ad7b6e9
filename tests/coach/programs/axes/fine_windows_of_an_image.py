"""Patches and shifted windows, cut and put together again; pixel shuffle by hand; channels shuffled in groups."""

import gradbook as torch
import gradbook.nn.functional as F
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset


def window_partition(x, w):
    B, H, W, C = x.shape
    x = x.view(B, H // w, w, W // w, w, C)
    return x.permute(0, 1, 3, 2, 4, 5).contiguous().view(-1, w, w, C)


def window_reverse(windows, w, H, W):
    B = int(windows.shape[0] / (H * W / w / w))
    x = windows.view(B, H // w, W // w, w, w, -1)
    return x.permute(0, 1, 3, 2, 4, 5).contiguous().view(B, H, W, -1)


class WindowAttention(nn.Module):
    def __init__(self, dim, heads):
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(dim, 3 * dim)
        self.proj = nn.Linear(dim, dim)

    def forward(self, x):
        B_, N, C = x.shape
        qkv = self.qkv(x).reshape(B_, N, 3, self.heads, C // self.heads).permute(2, 0, 3, 1, 4)
        q, k, v = qkv[0], qkv[1], qkv[2]
        attn = (q * (C // self.heads) ** -0.5) @ k.transpose(-2, -1)
        return self.proj((attn.softmax(dim=-1) @ v).transpose(1, 2).reshape(B_, N, C))


class Swin(nn.Module):
    def __init__(self):
        super().__init__()
        self.patch = nn.Conv2d(4, 8, 2, stride=2)
        self.attn = WindowAttention(8, 2)
        self.norm = nn.BatchNorm1d(8)
        self.up = nn.Linear(8, 16)
        self.head = nn.Linear(4, 5)

    def forward(self, x):
        x = self.patch(x).flatten(2).transpose(1, 2)
        B, L, C = x.shape
        x = self.norm(x.reshape(B * L, C)).reshape(B, L, C).view(B, 8, 8, C)
        windows = window_partition(x, 4)
        x = x + window_reverse(self.attn(windows.view(-1, 16, C)).view(-1, 4, 4, C), 4, 8, 8)
        x = self.up(x).view(B, 8, 8, 2, 2, 4).permute(0, 5, 1, 3, 2, 4).reshape(B, 4, 16, 16)
        x = x.view(B, 2, 2, 16, 16).transpose(1, 2).reshape(B, 4, 16, 16)
        return self.head(x.mean(dim=(2, 3)))


images, y = torch.randn(24, 4, 16, 16), torch.randint(0, 5, (24,))
net = Swin()
opt = torch.optim.AdamW(net.parameters(), lr=1e-3)
for xb, yb in DataLoader(TensorDataset(images, y), batch_size=8, shuffle=True):
    opt.zero_grad()
    F.cross_entropy(net(xb), yb).backward()
    opt.step()
