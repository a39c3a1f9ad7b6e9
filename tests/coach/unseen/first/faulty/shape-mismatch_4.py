import math
import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
# scaled dot-product attention from scratch
torch.manual_seed(38)
class SelfAttention(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.q, self.k, self.v = nn.Linear(d, d), nn.Linear(d, d), nn.Linear(d, d)
        self.d = d
    def forward(self, x):
        q, k, v = self.q(x), self.k(x), self.v(x)
        att = q @ k / math.sqrt(self.d)  # coach: shape-mismatch; fix: transpose(
        return F.softmax(att, -1) @ v
block = nn.Sequential(SelfAttention(16), nn.LayerNorm(16), nn.Linear(16, 1))
opt = torch.optim.Adam(block.parameters(), lr=1e-3)
for it in range(5):
    x = torch.randn(4, 10, 16)
    loss = F.mse_loss(block(x), x.mean(-1, keepdim=True))
    opt.zero_grad()
    loss.backward()
    opt.step()
