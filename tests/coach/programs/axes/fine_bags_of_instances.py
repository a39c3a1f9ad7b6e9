"""Multiple instance learning: attention over the instances of one bag, a softmax over axis 0 on purpose."""

import gradbook as torch
import gradbook.nn.functional as F
from gradbook import nn


class AttentionMIL(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(nn.Linear(8, 12), nn.ReLU())
        self.attention = nn.Sequential(nn.Linear(12, 6), nn.Tanh(), nn.Linear(6, 2))
        self.out = nn.Linear(24, 1)

    def forward(self, bag):
        h = self.features(bag)
        a = F.softmax(self.attention(h), dim=0)
        return self.out((a.T @ h).view(1, -1))


model = AttentionMIL()
opt = torch.optim.Adam(model.parameters(), lr=1e-3)
for i in range(8):
    bag, label = torch.randn(5 + i % 3, 8), torch.tensor([[float(i % 2)]])
    loss = F.binary_cross_entropy_with_logits(model(bag), label)
    opt.zero_grad()
    loss.backward()
    opt.step()
