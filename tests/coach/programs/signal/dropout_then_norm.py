import gradbook as torch
from gradbook import nn

model = nn.Sequential(
    nn.Linear(10, 20, bias=False),
    nn.ReLU(),
    nn.Dropout(0.5),  # coach: dropout-before-batchnorm
    nn.BatchNorm1d(20),
    nn.Linear(20, 2),
)
opt = torch.optim.Adam(model.parameters(), lr=1e-3)
x, y = torch.randn(32, 10), torch.randint(0, 2, (32,))
for _ in range(4):
    opt.zero_grad()
    nn.functional.cross_entropy(model(x), y).backward()
    opt.step()
