import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F


class Pool(nn.Module):
    """Attention over the words of a sentence."""

    def __init__(self, dim):
        super().__init__()
        self.score = nn.Linear(dim, 1)
        self.value = nn.Linear(dim, dim)

    def forward(self, words):
        weight = F.softmax(self.score(words.mean(1)), dim=-1)  # coach: degenerate-activation
        return weight * self.value(words.mean(1))


net = nn.Sequential(Pool(8), nn.ReLU(), nn.Linear(8, 2))
opt = torch.optim.AdamW(net.parameters(), lr=1e-3)
for _ in range(6):
    sentences = torch.randn(24, 5, 8)
    loss = F.cross_entropy(net(sentences), (sentences.mean((1, 2)) > 0).long())
    opt.zero_grad()
    loss.backward()
    opt.step()
