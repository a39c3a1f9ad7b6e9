import gradbook as torch

x, w = torch.randn(8, 3), torch.randn(3)
loss = ((x @ w) ** 2).mean()
loss.backward()  # coach: nothing-requires-grad
