import gradbook as torch

w = torch.randn(3, requires_grad=True)
loss = (w**2).sum()
loss.backward()
loss.backward()  # coach: backward-twice; fix: # loss.backward()
