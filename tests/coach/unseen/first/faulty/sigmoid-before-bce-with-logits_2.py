import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
# U-Net-lite binary segmentation
torch.manual_seed(29)
class UNetLite(nn.Module):
    def __init__(self):
        super().__init__()
        self.down = nn.Conv2d(1, 8, 3, padding=1)
        self.mid = nn.Conv2d(8, 8, 3, padding=1)
        self.up = nn.Upsample(scale_factor=2, mode="nearest")
        self.out = nn.Conv2d(16, 1, 1)
    def forward(self, x):
        s = F.relu(self.down(x))
        m = F.relu(self.mid(F.max_pool2d(s, 2)))
        y = torch.cat([s, self.up(m)], 1)
        return torch.sigmoid(self.out(y))  # coach: sigmoid-before-bce-with-logits; fix: return self.out(y)
def dice(p, t):
    p = (p > 0.5).float()
    return (2 * (p * t).sum() + 1) / (p.sum() + t.sum() + 1)
net = UNetLite()
optimizer = torch.optim.Adam(net.parameters(), lr=5e-3)
u = torch.arange(8.0)
for step in range(20):
    c = torch.randint(2, 6, (16, 1, 1)).float()
    mask = (((u[:, None] - c) ** 2 + (u[None, :] - c) ** 2) < 6).float().unsqueeze(1)
    img = mask * 1.5 - 0.6 + 0.5 * torch.randn(16, 1, 8, 8)
    optimizer.zero_grad()
    pred = net(img)
    loss = F.binary_cross_entropy_with_logits(pred, mask)
    loss.backward()
    optimizer.step()
    if step % 5 == 0:
        print(step, loss.item(), dice(pred.detach(), mask).item())
