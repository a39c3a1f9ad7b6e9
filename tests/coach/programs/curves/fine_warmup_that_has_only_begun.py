# the first steps of ten thousand: the rate is to grow to a usual one
import gradbook as torch
from gradbook import nn

torch.manual_seed(9)
model = nn.Sequential(nn.Linear(16, 64), nn.GELU(), nn.Linear(64, 3))
x = torch.randn(300, 16)
y = x[:, :3].argmax(1)
optimizer = torch.optim.AdamW(model.parameters(), lr=5e-4)
warmup = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: min(1.0, (step + 1) / 10_000))
for step in range(60):
    rows = torch.randint(0, 300, (32,))
    loss = nn.functional.cross_entropy(model(x[rows]), y[rows])
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    warmup.step()
