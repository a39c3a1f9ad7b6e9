import gradbook as torch
from gradbook import nn

x = torch.randn(4, 3)
nn.functional.dropout(x, p=1.5)  # coach: exception
