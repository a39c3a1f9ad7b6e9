import gradbook as torch
from gradbook import nn

torch.manual_seed(0)
x, y = torch.randn(64, 6), torch.randn(64, 1)
model = nn.Sequential(nn.Linear(6, 16), nn.ReLU(), nn.Linear(16, 1))
opt = torch.optim.SGD(model.parameters(), lr=0.01)
for step in range(30):
    opt.zero_grad()
    loss = nn.functional.mse_loss(model(x), y)
    loss.backward()
    for p in model.parameters():
        p.grad.mul_(1e-6)  # coach: update-ratio-low
    opt.step()  # coach-also: loss-plateau, learning-rate-too-low
