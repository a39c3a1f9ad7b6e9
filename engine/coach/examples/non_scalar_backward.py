import gradbook as torch

x, w = torch.randn(8, 3), torch.randn(3, requires_grad=True)
error = (x @ w) ** 2
error.backward()  # coach: non-scalar-backward; fix: error.mean().backward()
