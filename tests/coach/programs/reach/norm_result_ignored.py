import gradbook as torch
import gradbook.nn as nn


class Block(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.norm = nn.LayerNorm(dim)
        self.attn = nn.MultiheadAttention(dim, 2, batch_first=True)
        self.out = nn.Linear(dim, 3)

    def forward(self, x):
        self.norm(x)  # coach: unused-parameters; fix: x = self.norm(x)
        x = x + self.attn(x, x, x, need_weights=False)[0]
        return self.out(x.mean(1))


model = Block(8)
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
tokens, target = torch.randn(10, 5, 8), torch.randint(0, 3, (10,))
for step in range(5):
    loss = nn.functional.cross_entropy(model(tokens), target)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
