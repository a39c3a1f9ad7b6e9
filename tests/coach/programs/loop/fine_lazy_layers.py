import gradbook as torch
from gradbook import nn

model = nn.Sequential(nn.LazyLinear(16), nn.ReLU(), nn.LazyLinear(3))
optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)  # their sizes are not known yet
x = torch.randn(60, 5)
y = x[:, :3].argmax(1)
for _ in range(8):
    optimizer.zero_grad()
    nn.functional.cross_entropy(model(x), y).backward()
    optimizer.step()
