"""DETR in miniature: conv features -> sequence-first transformer encoder -> class."""
import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F

torch.manual_seed(3)
C, D, N = 3, 24, 640


class MiniDETR(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(1, D, 3, stride=2, padding=1), nn.ReLU())
        self.pos = nn.Parameter(torch.randn(16, 1, D) * 0.1)
        self.enc = nn.TransformerEncoderLayer(D, nhead=4, dim_feedforward=48, dropout=0.0)
        self.cls = nn.Linear(D, C)

    def forward(self, img):
        f = self.stem(img)
        b, c, h, w = f.shape
        seq = f.reshape(h * w, b, c)  # coach: batch-axis-mixed; fix: permute(2, 0, 1)
        seq = self.enc(seq + self.pos)
        return self.cls(seq.mean(0))


labels = torch.arange(N) % C
imgs = torch.randn(N, 1, 8, 8) * 0.5
imgs[labels == 0, :, :4, :4] += 1.5
imgs[labels == 1, :, 4:, 4:] += 1.5
imgs[labels == 2, :, :4, 4:] += 1.5
imgs = (imgs - imgs.mean()) / imgs.std()

net = MiniDETR()
opt = torch.optim.AdamW(net.parameters(), lr=2e-3)
for epoch in range(3):
    order = torch.randperm(N)
    for i in range(0, N, 32):
        idx = order[i:i + 32]
        loss = F.cross_entropy(net(imgs[idx]), labels[idx])
        opt.zero_grad()
        loss.backward()
        opt.step()
    print(epoch, round(loss.item(), 4))
