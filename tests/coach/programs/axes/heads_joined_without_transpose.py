import gradbook as torch
import gradbook.nn.functional as F
from gradbook import nn

B, T, H, D = 4, 7, 2, 5
E = H * D


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.qkv = nn.Linear(E, 3 * E, bias=False)
        self.out = nn.Linear(E, E)

    def forward(self, x):
        q, k, v = self.qkv(x).chunk(3, dim=-1)
        q, k, v = (t.reshape(B, T, H, D).permute(0, 2, 1, 3) for t in (q, k, v))
        weights = F.softmax(q @ k.transpose(2, 3) * D**-0.5, dim=-1)
        mixed = weights @ v
        return self.out(mixed.reshape(B, T, E))  # coach: batch-axis-mixed; fix: mixed.transpose(1, 2).reshape(B, T, E)


block = Block()
opt = torch.optim.AdamW(block.parameters(), lr=1e-3)
data = torch.randn(B, T, E)
for i in range(4):
    loss = F.mse_loss(block(data), data)
    opt.zero_grad()
    loss.backward()
    opt.step()
