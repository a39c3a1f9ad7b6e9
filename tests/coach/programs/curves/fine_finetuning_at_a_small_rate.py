import gradbook as torch
from gradbook import nn

backbone = nn.Sequential(nn.Linear(6, 32), nn.ReLU())
head = nn.Linear(32, 2)
optimizer = torch.optim.AdamW(
    [{"params": backbone.parameters(), "lr": 1e-6}, {"params": head.parameters(), "lr": 2e-5}], weight_decay=0.01
)
x, y = torch.randn(64, 6), torch.randint(0, 2, (64,))
for step in range(15):
    loss = nn.functional.cross_entropy(head(backbone(x)), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
