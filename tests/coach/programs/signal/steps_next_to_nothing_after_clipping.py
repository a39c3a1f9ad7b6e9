import gradbook as torch
import gradbook.nn as nn

model = nn.Sequential(nn.Linear(4, 32), nn.Sigmoid(), nn.Linear(32, 1))
opt = torch.optim.SGD(model.parameters(), lr=1e-7)  # coach: update-ratio-low; fix: lr=
x, y = torch.randn(40, 4), torch.randn(40, 1) * 3
for i in range(10):  # coach-also: learning-rate-too-low, loss-plateau
    opt.zero_grad()
    loss = nn.functional.mse_loss(model(x), y)
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    opt.step()
