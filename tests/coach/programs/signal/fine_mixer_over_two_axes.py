import gradbook as torch
import gradbook.nn as nn


class Axial(nn.Module):
    def __init__(self, tokens, channels):
        super().__init__()
        self.over_tokens = nn.Linear(tokens, tokens)
        self.over_channels = nn.Linear(channels, channels)

    def forward(self, x):
        y = self.over_tokens(x.transpose(1, 2)).transpose(1, 2)
        return x + torch.relu(self.over_channels(y))


net = nn.Sequential(Axial(6, 10), Axial(6, 10), nn.Flatten(), nn.Linear(60, 2))
opt = torch.optim.Adam(net.parameters(), lr=1e-3)
for _ in range(5):
    x = torch.randn(16, 6, 10)
    loss = nn.functional.cross_entropy(net(x), (x.sum((1, 2)) > 0).long())
    opt.zero_grad()
    loss.backward()
    opt.step()
