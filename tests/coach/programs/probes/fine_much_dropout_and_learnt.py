# coach-not: cannot-overfit-batch
import gradbook as torch
from gradbook import nn

torch.manual_seed(15)
x = torch.randn(40, 10)
y = (x[:, 0] + x[:, 1] > 0).long()
model = nn.Sequential(nn.Linear(10, 256), nn.ReLU(), nn.Dropout(0.75), nn.Linear(256, 2))
optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
for step in range(120):
    optimizer.zero_grad()
    loss = nn.functional.cross_entropy(model(x), y)
    loss.backward()
    optimizer.step()
