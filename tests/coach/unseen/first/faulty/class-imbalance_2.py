import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
# lesion segmentation: one pixel in 64 is foreground
torch.manual_seed(80)
seg = nn.Sequential(nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), nn.Conv2d(8, 1, 1))
opt = torch.optim.Adam(seg.parameters(), lr=3e-3)
for i in range(25):
    m = torch.zeros(16, 1, 8, 8)
    r, c = torch.randint(0, 8, (16,)), torch.randint(0, 8, (16,))
    m[torch.arange(16), 0, r, c] = 1.0
    img = torch.randn(16, 1, 8, 8) + 0.8 * m
    loss = F.binary_cross_entropy_with_logits(seg(img), m)  # coach: class-imbalance; fix: pos_weight
    opt.zero_grad()
    loss.backward()
    opt.step()
    if i % 8 == 0: print(i, loss.item())
# coach-also: constant-predictions
