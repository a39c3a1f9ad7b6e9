# Demand forecasting: hourly load from calendar features and temperature
import gradbook as torch
from gradbook import nn, optim
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(77)
n = 1500
hour = torch.randint(0, 24, (n,)).float()
temp = torch.randn(n)
weekend = (torch.rand(n) < 0.3).float()
angle = hour * 2 * 3.14159265 / 24
feats = torch.stack([torch.sin(angle) * 1.414, torch.cos(angle) * 1.414, temp, (weekend - 0.3) / 0.46], 1)
load = (torch.sin(angle) * (1 - 0.6 * weekend) + 0.8 * temp ** 2 - 0.8 + 0.1 * torch.randn(n)).unsqueeze(1)

loader = DataLoader(TensorDataset(feats, load), batch_size=50, shuffle=True)
net = nn.Sequential(
    nn.Linear(4, 32),
    nn.ReLU(),
    nn.Linear(32, 32),
    nn.ReLU(),
    nn.Linear(32, 1),
)
opt = optim.Adam(net.parameters(), lr=2e-3)
sched = optim.lr_scheduler.StepLR(opt, step_size=2, gamma=0.5)  # coach: loss-plateau
# coach-also: learning-rate-too-low
# coach-also: update-ratio-low

EPOCHS = 8
history = []
for ep in range(EPOCHS):
    total = 0.0
    for x, y in loader:
        opt.zero_grad()
        loss = nn.functional.mse_loss(net(x), y)
        loss.backward()
        opt.step()
        sched.step()  # coach-line: loss-plateau
        total += loss.item()
    history.append(total / len(loader))
    print(f"epoch {ep + 1}/{EPOCHS} loss {history[-1]:.4f}")
# coach-also: scheduler-order
