import gradbook as torch
from gradbook import nn

parts = []
for _ in range(6):
    layer = nn.Linear(24, 24)
    nn.init.normal_(layer.weight, std=0.6)
    parts += [layer, nn.LayerNorm(24), nn.ReLU()]
net = nn.Sequential(*parts, nn.Linear(24, 3))
opt = torch.optim.AdamW(net.parameters(), lr=1e-3)
for _ in range(8):
    x = torch.randn(32, 24)
    loss = nn.functional.cross_entropy(net(x), x[:, :3].argmax(1))
    opt.zero_grad()
    loss.backward()
    opt.step()
