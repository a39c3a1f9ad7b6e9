import gradbook as torch
from gradbook import nn

model = nn.Linear(3, 1).to("cuda")
x = torch.randn(8, 3)
model(x)  # coach: device-mismatch; fix: x.to(
