import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F

torch.manual_seed(61)
B, T, D, CLASSES = 24, 6, 16, 3


class SetTransformer(nn.Module):
    def __init__(self):
        super().__init__()
        self.inp = nn.Linear(4, D)
        self.attn = nn.MultiheadAttention(D, 4)
        self.norm = nn.LayerNorm(D)
        self.cls = nn.Linear(D, CLASSES)

    def forward(self, x):
        n, t, _ = x.shape
        h = self.inp(x)
        seq = h.reshape(t, n, D)  # coach: batch-axis-mixed
        mixed, _ = self.attn(seq, seq, seq, need_weights=False)
        pooled = self.norm(seq + mixed).mean(dim=0)
        return self.cls(pooled)


def draw(n):
    y = torch.randint(0, CLASSES, (n,))
    x = torch.randn(n, T, 4)
    x[torch.arange(n), :, y] += 1.0
    return x, y


model = SetTransformer()
optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3)
for it in range(40):
    x, y = draw(B)
    loss = F.cross_entropy(model(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if it % 10 == 0:
        print(it, loss.item())
# coach-also: batch-leak, loss-plateau
