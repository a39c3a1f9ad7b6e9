import gradbook as torch
from gradbook import nn

model = nn.Linear(3, 1)
x = torch.tensor([[1, 2, 3], [4, 5, 6]])
model(x)  # coach: dtype-mismatch; fix: model(x.float())
