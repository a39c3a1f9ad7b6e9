import gradbook as torch
from gradbook import nn

torch.manual_seed(3)
t = torch.linspace(0, 6.28, 80).unsqueeze(1)
wave = torch.sin(t)
f = nn.Sequential(nn.Linear(1, 32), nn.Tanh(), nn.Linear(32, 32), nn.Tanh(), nn.Linear(32, 1))
opt = torch.optim.RMSprop(f.parameters(), lr=0.8)  # coach: learning-rate-too-high; fix: lr=0.0
for i in range(60):
    loss = ((f(t) - wave) ** 2).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()  # coach-also: update-ratio-high, saturated-activation
