import math
import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
# multi-head attention: heads merged with a wrong reshape
torch.manual_seed(47)
class MHA(nn.Module):
    def __init__(self, d=16, heads=4):
        super().__init__()
        self.h, self.dk = heads, d // heads
        self.qkv = nn.Linear(d, 3 * d)
        self.proj = nn.Linear(d, d)
    def forward(self, x):                       # (T, B, d)
        T, B, d = x.shape
        q, k, v = self.qkv(x).chunk(3, -1)
        q = q.reshape(B, T, self.h, self.dk).transpose(1, 2)  # coach: batch-axis-mixed; fix: transpose(0, 1)
        k = k.transpose(0, 1).reshape(B, T, self.h, self.dk).transpose(1, 2)
        v = v.transpose(0, 1).reshape(B, T, self.h, self.dk).transpose(1, 2)
        att = F.softmax(q @ k.transpose(-2, -1) / math.sqrt(self.dk), -1)
        y = (att @ v).transpose(1, 2).reshape(B, T, d)
        return self.proj(y)                     # (B, T, d)
mha = MHA()
emb = nn.Linear(5, 16)
out = nn.Linear(16, 1)
opt = torch.optim.Adam([*mha.parameters(), *emb.parameters(), *out.parameters()], lr=3e-3)
for i in range(20):
    x = torch.randn(10, 8, 5)
    y = x.sum(-1).mean(0).unsqueeze(-1)
    p = out(mha(emb(x))).mean(1)
    loss = F.mse_loss(p, y)
    opt.zero_grad(); loss.backward(); opt.step()
    if i % 6 == 0: print(i, loss.item())
# coach-also: batch-leak, loss-plateau, missing-nonlinearity
