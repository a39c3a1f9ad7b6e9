import gradbook as torch

x = torch.randn(4, requires_grad=True)
y = torch.sigmoid(x)
y *= 2  # coach: inplace-breaks-backward; fix: y = y * 2
y.sum().backward()
