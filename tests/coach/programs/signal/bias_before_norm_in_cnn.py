import gradbook as torch
from gradbook import nn

cnn = nn.Sequential(
    nn.Conv2d(1, 6, 3),  # coach: bias-before-batchnorm; fix: nn.Conv2d(1, 6, 3, bias=False)
    nn.BatchNorm2d(6),
    nn.ReLU(),
    nn.Flatten(),
    nn.Linear(6 * 36, 4),
)
opt = torch.optim.SGD(cnn.parameters(), lr=0.02)
for _ in range(3):
    x, y = torch.randn(10, 1, 8, 8), torch.randint(0, 4, (10,))
    opt.zero_grad()
    nn.functional.cross_entropy(cnn(x), y).backward()
    opt.step()
