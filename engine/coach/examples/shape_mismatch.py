import gradbook as torch
from gradbook import nn

model = nn.Sequential(
    nn.Flatten(),
    nn.Linear(100, 10),  # coach: shape-mismatch; fix: nn.Linear(64, 10)
)
images = torch.randn(4, 1, 8, 8)
model(images)
