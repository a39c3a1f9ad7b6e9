import gradbook as torch
from gradbook import nn
from gradbook.optim.lr_scheduler import CosineAnnealingLR
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(2)
w = torch.randn(16, 4)
x = torch.randn(800, 16)
y = torch.tanh(x @ w / 4)  # two keypoints (x, y)
train = DataLoader(TensorDataset(x[:640], y[:640]), batch_size=64, shuffle=True)
xv, yv = x[640:], y[640:]

model = nn.Sequential(nn.Linear(16, 64), nn.ReLU(), nn.Linear(64, 4))
opt = torch.optim.AdamW(model.parameters(), lr=5e-3)
sched = CosineAnnealingLR(opt, T_max=12)


def validate():
    model.eval()
    with torch.no_grad():
        v = nn.functional.mse_loss(model(xv), yv).item()
    model.train()
    return v


for epoch in range(12):
    sched.step()  # coach: scheduler-order
    for xb, yb in train:
        opt.zero_grad()
        loss = nn.functional.mse_loss(model(xb), yb)
        loss.backward()
        opt.step()  # coach-line: scheduler-order
    print(epoch, f"{validate():.4f}", f"lr={sched.get_last_lr()[0]:.5f}")
