import gradbook as torch

losses = torch.rand(4)
print(losses.item())  # coach: item-on-non-scalar; fix: print(losses.mean().item())
