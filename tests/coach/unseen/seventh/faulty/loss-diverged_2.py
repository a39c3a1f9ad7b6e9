import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(31)
N, D = 256, 16
state = torch.randn(N, D)
w = torch.randn(D)
value = torch.tanh(state @ w / 4) + 0.05 * torch.randn(N)
value = (value - value.mean()) / value.std()
loader = DataLoader(TensorDataset(state, value), batch_size=32, shuffle=True)

critic = nn.Sequential(nn.Linear(D, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 1))
opt = torch.optim.SGD(critic.parameters(), lr=1.5, momentum=0.9)  # coach: loss-diverged; fix: lr=
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, T_max=6)

for epoch in range(6):
    seen = 0.0
    for s, v in loader:
        pred = critic(s).squeeze(-1)
        loss = F.mse_loss(pred, v)
        opt.zero_grad()
        loss.backward()  # coach-also: exploding-gradients
        opt.step()  # coach-also: learning-rate-too-high
        seen += loss.item()
    sched.step()
    print("epoch", epoch, "value loss", seen / len(loader))
